/** Floating-point formats of 8 to 64 bits. */
import type { Decode, Format } from './format';

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A format of elements that stand alone. */
export function numbers(size: number, get: (bytes: DataView, offset: number) => number): Format {
  return {
    elements: 1,
    bytes: size,
    decode: (bytes, from, count, out, at) => {
      const data = view(bytes);
      for (let i = 0; i < count; i++) out[at + i] = get(data, from + i * size);
    },
  };
}

/** bfloat16 is the upper half of a float32. */
const decodeBf16: Decode = (bytes, from, count, out, at) => {
  const data = view(bytes);
  const bits = new Int32Array(out.buffer, out.byteOffset, out.length);
  for (let i = 0; i < count; i++) bits[at + i] = data.getUint16(from + 2 * i, true) << 16;
};

let halves: Float32Array | undefined;

/** Every float16 as a float32. */
export function halfTable(): Float32Array {
  return (halves ??= Float32Array.from({ length: 65_536 }, (_, bits) => small(bits, 5, 10, 15, 'ieee')));
}

const decodeF16: Decode = (bytes, from, count, out, at) => {
  const table = halfTable();
  const data = view(bytes);
  for (let i = 0; i < count; i++) out[at + i] = table[data.getUint16(from + 2 * i, true)]!;
};

/**
 * Which bit patterns are no numbers: as IEEE 754 has it; only all ones (OCP's E4M3); or only the negative zero, all else
 * finite (the `fnuz` formats).
 */
type Specials = 'ieee' | 'onlyNaN' | 'unsignedZero';

/** The value of a small float: sign, exponent and fraction from the highest bit down. */
function small(
  bits: number,
  exponentBits: number,
  fractionBits: number,
  bias: number,
  specials: Specials,
): number {
  const highest = (1 << exponentBits) - 1;
  const exponent = (bits >> fractionBits) & highest;
  const fraction = bits & ((1 << fractionBits) - 1);
  const negative = bits >> (exponentBits + fractionBits) === 1;
  if (specials === 'ieee' && exponent === highest)
    return fraction === 0 ? (negative ? -Infinity : Infinity) : NaN;
  if (specials === 'onlyNaN' && exponent === highest && fraction === (1 << fractionBits) - 1) return NaN;
  if (specials === 'unsignedZero' && negative && exponent === 0 && fraction === 0) return NaN;
  const size =
    exponent === 0
      ? fraction * 2 ** (1 - bias - fractionBits)
      : (1 + fraction / (1 << fractionBits)) * 2 ** (exponent - bias);
  return negative ? -size : size;
}

function float8(exponentBits: number, bias: number, specials: Specials): Format {
  return tabled((bits) => small(bits, exponentBits, 7 - exponentBits, bias, specials));
}

/** A format of one byte an element. */
function tabled(value: (bits: number) => number): Format {
  let table: Float32Array | undefined;
  return {
    elements: 1,
    bytes: 1,
    decode: (bytes, from, count, out, at) => {
      table ??= Float32Array.from({ length: 256 }, (_, bits) => value(bits));
      for (let i = 0; i < count; i++) out[at + i] = table[bytes[from + i]!]!;
    },
  };
}

export const FLOATS: Readonly<Record<string, Format>> = {
  F64: numbers(8, (bytes, offset) => bytes.getFloat64(offset, true)),
  F32: numbers(4, (bytes, offset) => bytes.getFloat32(offset, true)),
  F16: { elements: 1, bytes: 2, decode: decodeF16 },
  BF16: { elements: 1, bytes: 2, decode: decodeBf16 },
  F8_E4M3: float8(4, 7, 'onlyNaN'),
  F8_E5M2: float8(5, 15, 'ieee'),
  F8_E4M3FNUZ: float8(4, 8, 'unsignedZero'),
  F8_E5M2FNUZ: float8(5, 16, 'unsignedZero'),
  /** Powers of two, as scales are stored. */
  F8_E8M0: tabled((bits) => (bits === 255 ? NaN : 2 ** (bits - 127))),
};

export const INTEGERS: Readonly<Record<string, Format>> = {
  BOOL: numbers(1, (bytes, offset) => bytes.getUint8(offset)),
  U8: numbers(1, (bytes, offset) => bytes.getUint8(offset)),
  I8: numbers(1, (bytes, offset) => bytes.getInt8(offset)),
  U16: numbers(2, (bytes, offset) => bytes.getUint16(offset, true)),
  I16: numbers(2, (bytes, offset) => bytes.getInt16(offset, true)),
  U32: numbers(4, (bytes, offset) => bytes.getUint32(offset, true)),
  I32: numbers(4, (bytes, offset) => bytes.getInt32(offset, true)),
  U64: numbers(8, (bytes, offset) => Number(bytes.getBigUint64(offset, true))),
  I64: numbers(8, (bytes, offset) => Number(bytes.getBigInt64(offset, true))),
};
