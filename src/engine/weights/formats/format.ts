/** How elements are stored: one number after the other, or blocks of numbers that share their scales. */

/**
 * Decodes whole blocks to float32: `count` blocks from byte `from` of `bytes` on, into `out` from `at`. Every product and
 * sum is rounded to float32, so that the values are those of ggml's reference, bit by bit.
 */
export type Decode = (bytes: Uint8Array, from: number, count: number, out: Float32Array, at: number) => void;

export interface Format {
  /** Elements of a block; 1 where elements stand alone. */
  readonly elements: number;
  /** Bytes of a block. */
  readonly bytes: number;
  readonly decode: Decode;
}

/** A format whose blocks are decoded one by one. */
export function blocks(
  elements: number,
  bytes: number,
  one: (bytes: Uint8Array, from: number, out: Float32Array, at: number) => void,
): Format {
  return {
    elements,
    bytes,
    decode: (data, from, count, out, at) => {
      for (let block = 0; block < count; block++) {
        one(data, from + block * bytes, out, at + block * elements);
      }
    },
  };
}
