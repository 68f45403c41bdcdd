/** Matrix product in plain TypeScript: tiles of 4 × 4 sums in registers, both operands read along their rows. */
import type { Matrix } from '../kernels';

/** C[m, n] += scale · A[m, k] · B[n, k]ᵀ, sums in float64. */
export function matmul(
  m: number,
  n: number,
  k: number,
  a: Matrix,
  b: Matrix,
  c: Matrix,
  scale: number,
): void {
  const wide = n - (n % 4);
  let i = 0;
  for (; i + 4 <= m; i += 4) {
    for (let j = 0; j < wide; j += 4) tile4x4(k, a, i, b, j, c, scale);
    for (let j = wide; j < n; j++) for (let r = i; r < i + 4; r++) single(k, a, r, b, j, c, scale);
  }
  for (; i < m; i++) {
    for (let j = 0; j < wide; j += 4) tile1x4(k, a, i, b, j, c, scale);
    for (let j = wide; j < n; j++) single(k, a, i, b, j, c, scale);
  }
}

function tile4x4(k: number, a: Matrix, i: number, b: Matrix, j: number, c: Matrix, scale: number): void {
  const x = a.data;
  const y = b.data;
  const a0 = a.offset + i * a.stride;
  const a1 = a0 + a.stride;
  const a2 = a1 + a.stride;
  const a3 = a2 + a.stride;
  const b0 = b.offset + j * b.stride;
  const b1 = b0 + b.stride;
  const b2 = b1 + b.stride;
  const b3 = b2 + b.stride;
  let s00 = 0;
  let s01 = 0;
  let s02 = 0;
  let s03 = 0;
  let s10 = 0;
  let s11 = 0;
  let s12 = 0;
  let s13 = 0;
  let s20 = 0;
  let s21 = 0;
  let s22 = 0;
  let s23 = 0;
  let s30 = 0;
  let s31 = 0;
  let s32 = 0;
  let s33 = 0;
  for (let p = 0; p < k; p++) {
    const x0 = x[a0 + p]!;
    const x1 = x[a1 + p]!;
    const x2 = x[a2 + p]!;
    const x3 = x[a3 + p]!;
    const y0 = y[b0 + p]!;
    const y1 = y[b1 + p]!;
    const y2 = y[b2 + p]!;
    const y3 = y[b3 + p]!;
    s00 += x0 * y0;
    s01 += x0 * y1;
    s02 += x0 * y2;
    s03 += x0 * y3;
    s10 += x1 * y0;
    s11 += x1 * y1;
    s12 += x1 * y2;
    s13 += x1 * y3;
    s20 += x2 * y0;
    s21 += x2 * y1;
    s22 += x2 * y2;
    s23 += x2 * y3;
    s30 += x3 * y0;
    s31 += x3 * y1;
    s32 += x3 * y2;
    s33 += x3 * y3;
  }
  const start = c.offset + i * c.stride + j;
  add4(c.data, start, scale, s00, s01, s02, s03);
  add4(c.data, start + c.stride, scale, s10, s11, s12, s13);
  add4(c.data, start + 2 * c.stride, scale, s20, s21, s22, s23);
  add4(c.data, start + 3 * c.stride, scale, s30, s31, s32, s33);
}

function tile1x4(k: number, a: Matrix, i: number, b: Matrix, j: number, c: Matrix, scale: number): void {
  const x = a.data;
  const y = b.data;
  const a0 = a.offset + i * a.stride;
  const b0 = b.offset + j * b.stride;
  const b1 = b0 + b.stride;
  const b2 = b1 + b.stride;
  const b3 = b2 + b.stride;
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  for (let p = 0; p < k; p++) {
    const x0 = x[a0 + p]!;
    s0 += x0 * y[b0 + p]!;
    s1 += x0 * y[b1 + p]!;
    s2 += x0 * y[b2 + p]!;
    s3 += x0 * y[b3 + p]!;
  }
  add4(c.data, c.offset + i * c.stride + j, scale, s0, s1, s2, s3);
}

function single(k: number, a: Matrix, i: number, b: Matrix, j: number, c: Matrix, scale: number): void {
  const a0 = a.offset + i * a.stride;
  const b0 = b.offset + j * b.stride;
  let sum = 0;
  for (let p = 0; p < k; p++) sum += a.data[a0 + p]! * b.data[b0 + p]!;
  c.data[c.offset + i * c.stride + j]! += scale * sum;
}

function add4(
  out: Float32Array,
  at: number,
  scale: number,
  s0: number,
  s1: number,
  s2: number,
  s3: number,
): void {
  out[at] = out[at]! + scale * s0;
  out[at + 1] = out[at + 1]! + scale * s1;
  out[at + 2] = out[at + 2]! + scale * s2;
  out[at + 3] = out[at + 3]! + scale * s3;
}
