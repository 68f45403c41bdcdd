/** Where values, maps and weights in use live. */
import { LARGEST_VALUE, product, tooLarge, type Shape } from '../tensor';

export interface EngineMemory {
  /** Bytes that are in use, and that have been at most since `resetPeak`; 0 where nobody counts. */
  readonly inUse: number;
  readonly peak: number;
  resetPeak(): void;
  /** An array of any content. Rejects as `memory` where there is no room. */
  floats(length: number): Float32Array;
  zeros(length: number): Float32Array;
  bytes(length: number): Uint8Array;
  /** Gives back what one of these three made, or nothing where it was made elsewhere. */
  free(array: ArrayBufferView): void;
  /** Where the block begins in which an array lies; undefined for an array from elsewhere. */
  blockOf(array: ArrayBufferView): number | undefined;
}

/** The JavaScript heap: what nobody holds goes by itself. */
export const javaScriptMemory: EngineMemory = {
  inUse: 0,
  peak: 0,
  resetPeak: () => {},
  floats: (length) => made([length]),
  zeros: (length) => made([length]),
  bytes: (length) => new Uint8Array(length),
  free: () => {},
  blockOf: () => undefined,
};

function made(shape: Shape): Float32Array {
  const size = product(shape);
  if (!(size <= LARGEST_VALUE)) throw tooLarge(shape);
  try {
    return new Float32Array(size);
  } catch {
    throw tooLarge(shape);
  }
}
