/**
 * Operands of matrix products as panels of eight columns, [columns / 8][k][8] in float32, zeros beyond the last column.
 * Numbers are decoded on the way, and looked at: what is not finite is told.
 */
import { fillRow } from './seeded';

/** Number formats of a matrix, as kernels/format.ts names them. */
export const F32: u32 = 0;
export const F16: u32 = 1;
export const BF16: u32 = 2;
export const SEEDED: u32 = 3;

/** Four float16 as float32: rebiased as integers, subnormals by a subtraction that is exact, without a denormal float. */
// @ts-ignore: decorator
@inline
function halves(h: v128): v128 {
  const bits = i32x4.shl(v128.and(h, i32x4.splat(0x7fff)), 13);
  const exponent = v128.and(bits, i32x4.splat(0x0f800000));
  const least = i32x4.splat(0x38800000);
  const subnormal = f32x4.sub(i32x4.add(bits, least), least);
  const special = v128.and(i32x4.eq(exponent, i32x4.splat(0x0f800000)), i32x4.splat(0x38000000));
  const normal = i32x4.add(i32x4.add(bits, i32x4.splat(0x38000000)), special);
  const magnitude = v128.bitselect(subnormal, normal, i32x4.eq(exponent, i32x4.splat(0)));
  return v128.or(magnitude, i32x4.shl(v128.and(h, i32x4.splat(0x8000)), 16));
}

/** Four neighbouring elements. */
// @ts-ignore: decorator
@inline
function load4(at: usize, format: u32): v128 {
  if (format == F32) return v128.load(at);
  if (format == BF16) return i16x8.shuffle(i32x4.splat(0), v128.load64_zero(at), 0, 8, 0, 9, 0, 10, 0, 11);
  return halves(v128.load16x4_u(at));
}

// @ts-ignore: decorator
@inline
function load1(at: usize, format: u32): v128 {
  if (format == F32) return v128.load32_zero(at);
  if (format == BF16) return i32x4.shl(v128.load16_lane(at, i32x4.splat(0), 0), 16);
  return halves(v128.load16_lane(at, i32x4.splat(0), 0));
}

/** Bits that are set where a number is not finite: x − x is +0 or NaN. */
// @ts-ignore: decorator
@inline
function suspect(seen: v128, x: v128): v128 {
  return v128.or(seen, f32x4.sub(x, x));
}

/** A block of 4 rows × 4 elements, turned: its columns go to `out`, 32 bytes apart. */
// @ts-ignore: decorator
@inline
function turn4(at: usize, stride: usize, out: usize, format: u32, seen: v128): v128 {
  const r0 = load4(at, format);
  const r1 = load4(at + stride, format);
  const r2 = load4(at + 2 * stride, format);
  const r3 = load4(at + 3 * stride, format);
  const t0 = i32x4.shuffle(r0, r1, 0, 4, 1, 5);
  const t1 = i32x4.shuffle(r0, r1, 2, 6, 3, 7);
  const t2 = i32x4.shuffle(r2, r3, 0, 4, 1, 5);
  const t3 = i32x4.shuffle(r2, r3, 2, 6, 3, 7);
  v128.store(out, i64x2.shuffle(t0, t2, 0, 2));
  v128.store(out, i64x2.shuffle(t0, t2, 1, 3), 32);
  v128.store(out, i64x2.shuffle(t1, t3, 0, 2), 64);
  v128.store(out, i64x2.shuffle(t1, t3, 1, 3), 96);
  return suspect(suspect(suspect(suspect(seen, r0), r1), r2), r3);
}

// @ts-ignore: decorator
@inline
function packFormat(w: usize, stride: usize, n: usize, k: usize, out: usize, format: u32): bool {
  const size: usize = format == F32 ? 4 : 2;
  let seen = i32x4.splat(0);
  for (let j: usize = 0; j < n; j += 8) {
    const from = w + j * stride;
    const to = out + j * k * 4;
    let p: usize = 0;
    if (j + 8 <= n) {
      for (; p + 4 <= k; p += 4) {
        seen = turn4(from + p * size, stride, to + p * 32, format, seen);
        seen = turn4(from + 4 * stride + p * size, stride, to + p * 32 + 16, format, seen);
      }
    }
    for (; p < k; p++) {
      for (let r: usize = 0; r < 8; r++) {
        const x = j + r < n ? load1(from + r * stride + p * size, format) : i32x4.splat(0);
        seen = suspect(seen, x);
        v128.store32_lane(to + p * 32 + r * 4, x, 0);
      }
    }
  }
  return !v128.any_true(seen);
}

/**
 * Panels of Wᵀ for a W whose rows are the product's columns: element (p, j) is W[j, p].
 *
 * @param stride bytes from row to row.
 * @returns whether all n · k numbers are finite.
 */
export function packRows(w: usize, stride: usize, n: usize, k: usize, out: usize, format: u32): bool {
  if (format == F32) return packFormat(w, stride, n, k, out, F32);
  if (format == BF16) return packFormat(w, stride, n, k, out, BF16);
  return packFormat(w, stride, n, k, out, F16);
}

// @ts-ignore: decorator
@inline
function packColumnsFormat(w: usize, stride: usize, n: usize, k: usize, out: usize, format: u32): bool {
  const size: usize = format == F32 ? 4 : 2;
  let seen = i32x4.splat(0);
  for (let j: usize = 0; j < n; j += 8) {
    let from = w + j * size;
    let to = out + j * k * 4;
    for (let p: usize = 0; p < k; p++) {
      if (j + 8 <= n) {
        const low = load4(from, format);
        const high = load4(from + 4 * size, format);
        seen = suspect(suspect(seen, low), high);
        v128.store(to, low);
        v128.store(to, high, 16);
      } else {
        for (let r: usize = 0; r < 8; r++) {
          const x = j + r < n ? load1(from + r * size, format) : i32x4.splat(0);
          seen = suspect(seen, x);
          v128.store32_lane(to + r * 4, x, 0);
        }
      }
      from += stride;
      to += 32;
    }
  }
  return !v128.any_true(seen);
}

/** As `packRows`, for a W [k, n] whose rows are the product's inner axis: element (p, j) is W[p, j]. */
export function packColumns(w: usize, stride: usize, n: usize, k: usize, out: usize, format: u32): bool {
  if (format == F32) return packColumnsFormat(w, stride, n, k, out, F32);
  if (format == BF16) return packColumnsFormat(w, stride, n, k, out, BF16);
  return packColumnsFormat(w, stride, n, k, out, F16);
}

/**
 * Panels of rows [row, row + n) and columns [column, column + k) of a seeded tensor, made eight rows at a time.
 *
 * @param tensor the generator's keys and table, as seeded.ts reads them.
 * @param column even.
 * @param rows room for eight rows of k numbers.
 */
export function packSeeded(
  tensor: usize,
  row: u32,
  column: u32,
  n: usize,
  k: usize,
  out: usize,
  rows: usize,
): void {
  for (let j: usize = 0; j < n; j += 8) {
    const count = min<usize>(8, n - j);
    for (let r: usize = 0; r < count; r++) fillRow(tensor, row + <u32>(j + r), column, k, rows + r * k * 4);
    packFormat(rows, k * 4, count, k, out + j * k * 4, F32);
  }
}
