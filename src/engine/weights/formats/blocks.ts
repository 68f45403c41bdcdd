/** GGUF's blocks of 32 elements: one scale, and for some a minimum. Layouts: ggml-common.h of llama.cpp. */
import { halfTable } from './floats';
import { blocks, type Format } from './format';

/** The float16 at a byte, as a float32. */
export function half(bytes: Uint8Array, from: number): number {
  return halfTable()[bytes[from]! | (bytes[from + 1]! << 8)]!;
}

const { fround } = Math;

/** d, then 16 bytes whose lower halves are elements 0–15 and whose upper are 16–31. */
const Q4_0 = blocks(32, 18, (bytes, from, out, at) => {
  const d = half(bytes, from);
  for (let i = 0; i < 16; i++) {
    const pair = bytes[from + 2 + i]!;
    out[at + i] = d * ((pair & 15) - 8);
    out[at + 16 + i] = d * ((pair >> 4) - 8);
  }
});

/** d, minimum, pairs. */
const Q4_1 = blocks(32, 20, (bytes, from, out, at) => {
  const d = half(bytes, from);
  const least = half(bytes, from + 2);
  for (let i = 0; i < 16; i++) {
    const pair = bytes[from + 4 + i]!;
    out[at + i] = fround(d * (pair & 15)) + least;
    out[at + 16 + i] = fround(d * (pair >> 4)) + least;
  }
});

/** The fifth bit of element i: bit i of four bytes. */
function fifth(bytes: Uint8Array, from: number, i: number): number {
  return ((bytes[from + (i >> 3)]! >> (i & 7)) & 1) << 4;
}

/** d, fifth bits, pairs. */
const Q5_0 = blocks(32, 22, (bytes, from, out, at) => {
  const d = half(bytes, from);
  for (let i = 0; i < 16; i++) {
    const pair = bytes[from + 6 + i]!;
    out[at + i] = d * (((pair & 15) | fifth(bytes, from + 2, i)) - 16);
    out[at + 16 + i] = d * (((pair >> 4) | fifth(bytes, from + 2, 16 + i)) - 16);
  }
});

/** d, minimum, fifth bits, pairs. */
const Q5_1 = blocks(32, 24, (bytes, from, out, at) => {
  const d = half(bytes, from);
  const least = half(bytes, from + 2);
  for (let i = 0; i < 16; i++) {
    const pair = bytes[from + 8 + i]!;
    out[at + i] = fround(d * ((pair & 15) | fifth(bytes, from + 4, i))) + least;
    out[at + 16 + i] = fround(d * ((pair >> 4) | fifth(bytes, from + 4, 16 + i))) + least;
  }
});

/** d, 32 signed bytes. */
const Q8_0 = blocks(32, 34, (bytes, from, out, at) => {
  const d = half(bytes, from);
  for (let i = 0; i < 32; i++) out[at + i] = d * ((bytes[from + 2 + i]! << 24) >> 24);
});

/** The values of four bits in IQ4_NL and IQ4_XS. */
export const NONLINEAR = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

const IQ4_NL = blocks(32, 18, (bytes, from, out, at) => {
  const d = half(bytes, from);
  for (let i = 0; i < 16; i++) {
    const pair = bytes[from + 2 + i]!;
    out[at + i] = d * NONLINEAR[pair & 15]!;
    out[at + 16 + i] = d * NONLINEAR[pair >> 4]!;
  }
});

/** Twice the values of four bits as E2M1 (OCP Microscaling Formats, version 1.0). */
const TWICE_E2M1 = [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12];

/** The shared exponent, then pairs. Half of 2^(e − 127) makes up for the doubled values. */
const MXFP4 = blocks(32, 17, (bytes, from, out, at) => {
  const d = 2 ** (bytes[from]! - 128);
  for (let i = 0; i < 16; i++) {
    const pair = bytes[from + 1 + i]!;
    out[at + i] = d * TWICE_E2M1[pair & 15]!;
    out[at + 16 + i] = d * TWICE_E2M1[pair >> 4]!;
  }
});

export const BLOCKS: Readonly<Record<string, Format>> = { Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, IQ4_NL, MXFP4 };
