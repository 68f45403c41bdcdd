/**
 * GGUF's blocks of 256 elements, of 8 or 16 parts each with a scale of few bits, which one float16 scales in turn.
 * Layouts: ggml-common.h of llama.cpp.
 */
import { half, NONLINEAR } from './blocks';
import { blocks, type Format } from './format';

const { fround } = Math;

function signed(byte: number): number {
  return (byte << 24) >> 24;
}

/** 16 bytes of scale (lower half) and minimum (upper), 64 bytes of two bits, d, dmin. */
const Q2_K = blocks(256, 84, (bytes, from, out, at) => {
  const d = half(bytes, from + 80);
  const least = half(bytes, from + 82);
  for (let part = 0; part < 16; part++) {
    const scale = bytes[from + part]!;
    const dl = fround(d * (scale & 15));
    const ml = fround(least * (scale >> 4));
    // 128 elements stand in 32 bytes, four to a byte: element e in bits 2·⌊e / 32⌋ of byte e mod 32.
    const start = from + 16 + (part >> 3) * 32 + (part & 1) * 16;
    const shift = ((part >> 1) & 3) * 2;
    for (let i = 0; i < 16; i++) {
      out[at + part * 16 + i] = fround(dl * ((bytes[start + i]! >> shift) & 3)) - ml;
    }
  }
});

/** 32 bytes of third bits, 64 of two, 12 of sixteen 6-bit scales, d. */
const Q3_K = blocks(256, 110, (bytes, from, out, at) => {
  const d = half(bytes, from + 108);
  const scales = from + 96;
  for (let part = 0; part < 16; part++) {
    const low = (bytes[scales + (part & 7)]! >> (part < 8 ? 0 : 4)) & 15;
    const high = (bytes[scales + 8 + (part & 3)]! >> ((part >> 2) * 2)) & 3;
    const dl = fround(d * ((low | (high << 4)) - 32));
    const start = from + 32 + (part >> 3) * 32 + (part & 1) * 16;
    const shift = ((part >> 1) & 3) * 2;
    const mask = from + (part & 1) * 16;
    for (let i = 0; i < 16; i++) {
      const third = (bytes[mask + i]! >> (part >> 1)) & 1;
      out[at + part * 16 + i] = dl * (((bytes[start + i]! >> shift) & 3) - (third === 1 ? 0 : 4));
    }
  }
});

/** Eight 6-bit scales and minimums in 12 bytes: [scale, minimum] of a part. */
function scaleAndLeast(bytes: Uint8Array, from: number, part: number): [number, number] {
  if (part < 4) return [bytes[from + part]! & 63, bytes[from + 4 + part]! & 63];
  const both = bytes[from + 4 + part]!;
  return [
    (both & 15) | ((bytes[from + part - 4]! >> 2) & 48),
    (both >> 4) | ((bytes[from + part]! >> 2) & 48),
  ];
}

/** d, dmin, scales, 128 bytes of pairs: parts 2p and 2p + 1 are the halves of 32 bytes. */
const Q4_K = blocks(256, 144, (bytes, from, out, at) => {
  const d = half(bytes, from);
  const least = half(bytes, from + 2);
  for (let part = 0; part < 8; part++) {
    const [scale, minimum] = scaleAndLeast(bytes, from + 4, part);
    const dl = fround(d * scale);
    const ml = fround(least * minimum);
    const start = from + 16 + (part >> 1) * 32;
    const shift = (part & 1) * 4;
    for (let i = 0; i < 32; i++) {
      out[at + part * 32 + i] = fround(dl * ((bytes[start + i]! >> shift) & 15)) - ml;
    }
  }
});

/** As Q4_K, with 32 bytes of fifth bits before the pairs: that of part p in bit p. */
const Q5_K = blocks(256, 176, (bytes, from, out, at) => {
  const d = half(bytes, from);
  const least = half(bytes, from + 2);
  for (let part = 0; part < 8; part++) {
    const [scale, minimum] = scaleAndLeast(bytes, from + 4, part);
    const dl = fround(d * scale);
    const ml = fround(least * minimum);
    const start = from + 48 + (part >> 1) * 32;
    const shift = (part & 1) * 4;
    for (let i = 0; i < 32; i++) {
      const fifth = ((bytes[from + 16 + i]! >> part) & 1) << 4;
      out[at + part * 32 + i] = fround(dl * (((bytes[start + i]! >> shift) & 15) | fifth)) - ml;
    }
  }
});

/** 128 bytes of four bits, 64 of two, 16 signed scales, d. */
const Q6_K = blocks(256, 210, (bytes, from, out, at) => {
  const d = half(bytes, from + 208);
  for (let part = 0; part < 16; part++) {
    const dl = fround(d * signed(bytes[from + 192 + part]!));
    // 128 elements: four bits in 64 bytes, halves apart by 64 elements; two bits in 32 bytes, pairs apart by 32.
    const within = (part & 7) * 16;
    const low = from + (part >> 3) * 64 + (within & 63);
    const lowShift = within < 64 ? 0 : 4;
    const high = from + 128 + (part >> 3) * 32 + (within & 31);
    const highShift = (within >> 5) * 2;
    for (let i = 0; i < 16; i++) {
      const bits = ((bytes[low + i]! >> lowShift) & 15) | (((bytes[high + i]! >> highShift) & 3) << 4);
      out[at + part * 16 + i] = dl * (bits - 32);
    }
  }
});

/** d as a float32, 256 signed bytes, 16 sums that only products use. */
const Q8_K = blocks(256, 292, (bytes, from, out, at) => {
  const d = new DataView(bytes.buffer, bytes.byteOffset + from, 4).getFloat32(0, true);
  for (let i = 0; i < 256; i++) out[at + i] = d * signed(bytes[from + 4 + i]!);
});

/** d, two bits and four bits of eight scales, 128 bytes of pairs. */
const IQ4_XS = blocks(256, 136, (bytes, from, out, at) => {
  const d = half(bytes, from);
  const upper = bytes[from + 2]! | (bytes[from + 3]! << 8);
  for (let part = 0; part < 8; part++) {
    const low = (bytes[from + 4 + (part >> 1)]! >> ((part & 1) * 4)) & 15;
    const dl = fround(d * ((low | (((upper >> (2 * part)) & 3) << 4)) - 32));
    for (let i = 0; i < 16; i++) {
      const pair = bytes[from + 8 + part * 16 + i]!;
      out[at + part * 32 + i] = dl * NONLINEAR[pair & 15]!;
      out[at + part * 32 + 16 + i] = dl * NONLINEAR[pair >> 4]!;
    }
  }
});

/** Five values of −1, 0, 1 to a byte (its upper bits, times 3), four in the last four bytes; d. */
const TQ1_0 = blocks(256, 54, (bytes, from, out, at) => {
  const d = half(bytes, from + 52);
  let element = at;
  for (const [start, wide, digits] of [
    [0, 32, 5],
    [32, 16, 5],
    [48, 4, 4],
  ] as const) {
    for (let digit = 0, power = 1; digit < digits; digit++, power *= 3) {
      for (let i = 0; i < wide; i++) {
        const shifted = (bytes[from + start + i]! * power) & 255;
        out[element++] = d * (((shifted * 3) >> 8) - 1);
      }
    }
  }
});

/** 64 bytes of two bits, d. */
const TQ2_0 = blocks(256, 66, (bytes, from, out, at) => {
  const d = half(bytes, from + 64);
  for (let i = 0; i < 256; i++) {
    const byte = bytes[from + (i >> 7) * 32 + (i & 31)]!;
    out[at + i] = d * (((byte >> (((i >> 5) & 3) * 2)) & 3) - 1);
  }
});

export const SUPERBLOCKS: Readonly<Record<string, Format>> = {
  Q2_K,
  Q3_K,
  Q4_K,
  Q5_K,
  Q6_K,
  Q8_K,
  IQ4_XS,
  TQ1_0,
  TQ2_0,
};
