/**
 * C = scale · A · B (+ bias, or + C), where B is a weight that is packed on the way. A chunk is some columns of C for
 * some of its rows: per block of the inner axis its part of B becomes panels, and A comes by blocks that fit in the
 * second cache. A sum runs over one block of the inner axis; C takes up the blocks' sums, which keeps rounding small.
 */
import { packColumns, packRows, packSeeded, SEEDED } from './pack';
import { tile, tileWide, WIDE } from './tiles';

/** Inner axis, rows of A and columns of B that are worked on at a time. */
const INNER: usize = 384;
const ROWS: usize = 128;
const COLUMNS: usize = 128;

/** Bytes between rows of A's block: no power of two, so that its rows do not share places in the cache. */
const STRIDE: usize = (INNER + 16) * 4;

/** Places in a thread's scratch: A's block, B's panels, one tile, and rows of a seeded tensor. */
const PANELS: usize = ROWS * STRIDE;
export const TILE_SCRATCH: usize = PANELS + COLUMNS * INNER * 4;
const SEEDED_ROWS: usize = TILE_SCRATCH + 4 * 64;
export const GEMM_SCRATCH: usize = SEEDED_ROWS + 8 * INNER * 4;

/** What a tile does with C: set it, set it with a bias added, or add to it. */
const SET: u32 = 0;
const BIAS: u32 = 1;
const ADD: u32 = 2;

/**
 * Tiles over rows [0, m) and columns [0, n) for one block of the inner axis.
 *
 * @param panel bytes from panel to panel; strides in bytes.
 */
// @ts-ignore: decorator
@inline
export function tiles(
  m: usize,
  n: usize,
  k: usize,
  a: usize,
  aStride: usize,
  b: usize,
  panel: usize,
  c: usize,
  cStride: usize,
  scale: f32,
  mode: u32,
  bias: usize,
  scratch: usize,
): void {
  const whole = n & ~7;
  let j: usize = 0;
  if (WIDE) {
    for (; j + 16 <= whole; j += 16) {
      const from = b + (j >> 3) * panel;
      for (let i: usize = 0; i < m; i += 4) {
        tileWide(
          min<usize>(4, m - i), k, a + i * aStride, aStride, from, panel,
          c + i * cStride + j * 4, cStride, scale, mode, bias + j * 4,
        );
      }
    }
  }
  for (; j < whole; j += 8) {
    const from = b + (j >> 3) * panel;
    for (let i: usize = 0; i < m; i += 4) {
      tile(
        min<usize>(4, m - i), k, a + i * aStride, aStride, from, panel,
        c + i * cStride + j * 4, cStride, scale, mode, bias + j * 4,
      );
    }
  }
  if (j < n) ragged(m, n - j, k, a, aStride, b + (j >> 3) * panel, panel, c + j * 4, cStride, scale, mode, bias + j * 4, scratch);
}

/** The last columns, fewer than eight, by way of a tile of scratch. */
function ragged(
  m: usize,
  n: usize,
  k: usize,
  a: usize,
  aStride: usize,
  b: usize,
  panel: usize,
  c: usize,
  cStride: usize,
  scale: f32,
  mode: u32,
  bias: usize,
  scratch: usize,
): void {
  for (let i: usize = 0; i < m; i += 4) {
    const rows = min<usize>(4, m - i);
    tile(rows, k, a + i * aStride, aStride, b, panel, scratch, 32, scale, SET, 0);
    for (let r: usize = 0; r < rows; r++) {
      for (let q: usize = 0; q < n; q++) {
        const at = c + (i + r) * cStride + q * 4;
        let value = load<f32>(scratch + r * 32 + q * 4);
        if (mode == ADD) value += load<f32>(at);
        else if (mode == BIAS) value += load<f32>(bias + q * 4);
        store<f32>(at, value);
      }
    }
  }
}

/** Words of a product's description, as wasm/product.ts writes them. */
@unmanaged
export class Product {
  m: u32;
  n: u32;
  k: u32;
  a: u32;
  /** Elements from row to row. */
  aStride: u32;
  /** The first of the rows, or the generator's description. */
  w: u32;
  /** Bytes from row to row of W. */
  wStride: u32;
  format: u32;
  /** 1: W is [k, n]. */
  turned: u32;
  c: u32;
  cStride: u32;
  bias: u32;
  scale: f32;
  /** 1: C is added to. */
  accumulate: u32;
  /** Rows and columns of a chunk; columns a multiple of 8. */
  rows: u32;
  columns: u32;
  /** First row and column of a seeded tensor. */
  row: u32;
  column: u32;
}

/** @returns whether the weights of the chunk are finite. */
export function productChunk(p: Product, chunk: u32, scratch: usize): bool {
  const blocks = (p.m + p.rows - 1) / p.rows;
  const i0 = <usize>((chunk % blocks) * p.rows);
  const m = min<usize>(p.rows, p.m - i0);
  let j0 = <usize>((chunk / blocks) * p.columns);
  const end = min<usize>(p.n, j0 + p.columns);
  let finite = true;
  for (; j0 < end; j0 += COLUMNS) {
    const part = productColumns(p, i0, m, j0, min<usize>(COLUMNS, end - j0), scratch);
    finite = finite && part;
  }
  return finite;
}

function productColumns(p: Product, i0: usize, m: usize, j0: usize, n: usize, scratch: usize): bool {
  const aStride = <usize>p.aStride * 4;
  const cStride = <usize>p.cStride * 4;
  const a = <usize>p.a + i0 * aStride;
  const c = <usize>p.c + i0 * cStride + j0 * 4;
  const bias: usize = p.bias == 0 ? 0 : <usize>p.bias + j0 * 4;
  const panels = scratch + PANELS;
  let finite = true;
  for (let k0: usize = 0; k0 < p.k; k0 += INNER) {
    const k = min<usize>(INNER, p.k - k0);
    if (!packPart(p, j0, n, k0, k, panels, scratch)) finite = false;
    const mode = k0 > 0 || p.accumulate ? ADD : bias ? BIAS : SET;
    for (let i: usize = 0; i < m; i += ROWS) {
      const rows = min<usize>(ROWS, m - i);
      for (let r: usize = 0; r < rows; r++) {
        memory.copy(scratch + r * STRIDE, a + (i + r) * aStride + k0 * 4, k * 4);
      }
      tiles(
        rows, n, k, scratch, STRIDE, panels, k * 32,
        c + i * cStride, cStride, p.scale, mode, bias, scratch + TILE_SCRATCH,
      );
    }
  }
  return finite;
}

/** Columns [j0, j0 + n) of B over the inner [k0, k0 + k). */
function packPart(p: Product, j0: usize, n: usize, k0: usize, k: usize, panels: usize, scratch: usize): bool {
  if (p.format == SEEDED) {
    packSeeded(p.w, p.row + <u32>j0, p.column + <u32>k0, n, k, panels, scratch + SEEDED_ROWS);
    return true;
  }
  const size: usize = p.format == 0 ? 4 : 2;
  const stride = <usize>p.wStride;
  if (p.turned) return packColumns(p.w + k0 * stride + j0 * size, stride, n, k, panels, p.format);
  return packRows(p.w + j0 * stride + k0 * size, stride, n, k, panels, p.format);
}
