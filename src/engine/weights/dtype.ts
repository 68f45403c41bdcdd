/** Number formats of tensor files, and their decoding to float32. */

/** Bits of an element, for each format that safetensors names. */
export const DTYPE_BITS: Readonly<Record<string, number>> = {
  BOOL: 8,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2FNUZ: 8,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  I64: 64,
  U64: 64,
  F64: 64,
  C64: 64,
};

type Decoder = (bytes: DataView, count: number, out: Float32Array, at: number) => void;

/** Little-endian elements → float32, for the formats whose elements are numbers of their own. */
export const DECODERS: Readonly<Record<string, Decoder>> = {
  F32: each(4, (bytes, offset) => bytes.getFloat32(offset, true)),
  F64: each(8, (bytes, offset) => bytes.getFloat64(offset, true)),
  F16: float16,
  BF16: bfloat16,
  BOOL: each(1, (bytes, offset) => bytes.getUint8(offset)),
  U8: each(1, (bytes, offset) => bytes.getUint8(offset)),
  I8: each(1, (bytes, offset) => bytes.getInt8(offset)),
  U16: each(2, (bytes, offset) => bytes.getUint16(offset, true)),
  I16: each(2, (bytes, offset) => bytes.getInt16(offset, true)),
  U32: each(4, (bytes, offset) => bytes.getUint32(offset, true)),
  I32: each(4, (bytes, offset) => bytes.getInt32(offset, true)),
  U64: each(8, (bytes, offset) => Number(bytes.getBigUint64(offset, true))),
  I64: each(8, (bytes, offset) => Number(bytes.getBigInt64(offset, true))),
};

/** Formats in which trained weights are stored as they are; any other is a quantisation with scales elsewhere. */
export function isFloat(dtype: string): boolean {
  return dtype === 'F32' || dtype === 'F16' || dtype === 'BF16' || dtype === 'F64';
}

function each(size: number, get: (bytes: DataView, offset: number) => number): Decoder {
  return (bytes, count, out, at) => {
    for (let i = 0; i < count; i++) out[at + i] = get(bytes, i * size);
  };
}

/** bfloat16 is the upper half of a float32. */
function bfloat16(bytes: DataView, count: number, out: Float32Array, at: number): void {
  const bits = new Int32Array(out.buffer, out.byteOffset, out.length);
  for (let i = 0; i < count; i++) bits[at + i] = bytes.getUint16(2 * i, true) << 16;
}

let halves: Float32Array | undefined;

function float16(bytes: DataView, count: number, out: Float32Array, at: number): void {
  const table = (halves ??= halfTable());
  for (let i = 0; i < count; i++) out[at + i] = table[bytes.getUint16(2 * i, true)]!;
}

/** Every float16 as a float32. */
function halfTable(): Float32Array {
  const table = new Float32Array(65_536);
  for (let bits = 0; bits < 65_536; bits++) {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 31;
    const fraction = (bits & 1023) / 1024;
    if (exponent === 31) table[bits] = fraction === 0 ? sign * Infinity : NaN;
    else if (exponent === 0) table[bits] = sign * fraction * 2 ** -14;
    else table[bits] = sign * (1 + fraction) * 2 ** (exponent - 15);
  }
  return table;
}
