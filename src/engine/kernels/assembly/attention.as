/**
 * Attention of heads over packed keys and values. A chunk is some queries of one head, worked on by blocks of 24 rows:
 * scores of the keys that one of them sees go to scratch, each row's softmax stays there unnormalised, its probabilities
 * go to the map where one is wanted, and the sums of values are divided at their end.
 */
import { tiles } from './gemm';
import { packColumns, packRows } from './pack';
import { expOfNegative, maximumOf, minimumOf, sumOf, tanh } from './vector';

const BLOCK: usize = 24;

/** Keys whose values are summed up at a time. */
const INNER: usize = 384;

/** Stands for a hidden score: finite, so that infinite scores are seen. */
const HIDDEN: f32 = -3.4028234663852886e38;

/** Words of a call's description, as wasm/attend.ts writes them. Strides and steps are in elements. */
@unmanaged
export class Attend {
  heads: u32;
  /** Heads that share keys and values. */
  group: u32;
  queries: u32;
  keys: u32;
  headDim: u32;
  valueDim: u32;
  query: u32;
  queryStride: u32;
  queryStep: u32;
  key: u32;
  keyStride: u32;
  keyStep: u32;
  /** 0: no sums of values are wanted. */
  value: u32;
  valueStride: u32;
  valueStep: u32;
  /** Panels of all heads' keys, and of their values. */
  packedKeys: u32;
  packedValues: u32;
  out: u32;
  outStride: u32;
  outStep: u32;
  scale: f32;
  /** 0: none. */
  softCap: f32;
  /** A score by head that takes part in the softmax alone; 0: none. */
  sinks: u32;
  /** Two words a query: the keys [from, to) that it sees; 0: all. */
  visible: u32;
  /** [heads, queries + keys − 1], added at key − query + queries − 1; 0: none. */
  diagonal: u32;
  /** 1: the maps hold what is added to scores. */
  prefilled: u32;
  /** [heads, queries, keys]; 0: none. */
  maps: u32;
  /** Queries of a chunk. */
  rows: u32;
  /** Each thread's room for a block: its address, and bytes a thread. */
  scratch: u32;
  scratchSize: u32;
  /** 1: the maps are wanted as scores, before the softmax. */
  raw: u32;
}

/** Floats between rows of the scratch. */
// @ts-ignore: decorator
@inline
function strideOf(p: Attend): usize {
  return ((<usize>p.keys + 7) & ~7) + 16;
}

/** Packs the keys (even chunks) or values (odd ones) of one of their heads. */
export function packHeadChunk(p: Attend, chunk: u32): void {
  const head = <usize>(chunk >> 1);
  const keys = <usize>p.keys;
  if (chunk & 1) {
    const size = ((<usize>p.valueDim + 7) & ~7) * keys * 4;
    const from = <usize>p.value + head * p.valueStep * 4;
    if (p.value) packColumns(from, <usize>p.valueStride * 4, p.valueDim, keys, p.packedValues + head * size, 0);
  } else {
    const size = ((keys + 7) & ~7) * p.headDim * 4;
    const from = <usize>p.key + head * p.keyStep * 4;
    packRows(from, <usize>p.keyStride * 4, keys, p.headDim, p.packedKeys + head * size, 0);
  }
}

/** @returns head · queries + query of a row whose scores have no softmax; −1 where there is none. */
export function attendChunk(p: Attend, chunk: u32, thread: u32, tileScratch: usize): i32 {
  const blocks = (p.queries + p.rows - 1) / p.rows;
  const head = <usize>(chunk / blocks);
  const first = <usize>((chunk % blocks) * p.rows);
  const last = min<usize>(p.queries, first + p.rows);
  let fault: i32 = -1;
  for (let query = first; query < last; query += BLOCK) {
    const found = block(p, head, query, min<usize>(BLOCK, last - query), thread, tileScratch);
    if (fault < 0) fault = found;
  }
  return fault;
}

// @ts-ignore: decorator
@inline
function fromOf(p: Attend, query: usize): usize {
  return p.visible ? min<usize>(p.keys, load<u32>(p.visible + query * 8)) : 0;
}

// @ts-ignore: decorator
@inline
function toOf(p: Attend, query: usize): usize {
  return p.visible ? min<usize>(p.keys, load<u32>(p.visible + query * 8, 4)) : p.keys;
}

/** Queries [first, first + m) of a head. */
function block(p: Attend, head: usize, first: usize, m: usize, thread: u32, tileScratch: usize): i32 {
  const keys = <usize>p.keys;
  const queries = <usize>p.queries;
  let start = keys;
  let end: usize = 0;
  for (let r: usize = 0; r < m; r++) {
    const from = fromOf(p, first + r);
    const to = toOf(p, first + r);
    if (from < to) {
      start = min(start, from);
      end = max(end, to);
    }
  }
  start = end == 0 ? 0 : start & ~7;
  const stride = strideOf(p) * 4;
  const scores = <usize>p.scratch + <usize>thread * p.scratchSize;
  const factors = scores + BLOCK * stride;
  const sums = factors + BLOCK * 4;
  const headDim = <usize>p.headDim;
  const shared = head / p.group;
  const padded = (keys + 7) & ~7;
  // Keys are padded with zeros to whole panels, so there are no ragged ones.
  const width = ((end + 7) & ~7) - start;
  tiles(
    m, width, headDim,
    <usize>p.query + (first * p.queryStride + head * p.queryStep) * 4, <usize>p.queryStride * 4,
    <usize>p.packedKeys + shared * padded * headDim * 4 + start * headDim * 4, headDim * 32,
    scores + start * 4, stride, p.scale, 0, 0, tileScratch,
  );
  let fault: i32 = -1;
  for (let r: usize = 0; r < m; r++) {
    const query = first + r;
    const row = scores + r * stride;
    const from = fromOf(p, query);
    const to = max(from, toOf(p, query));
    const map: usize = p.maps ? <usize>p.maps + (head * queries + query) * keys * 4 : 0;
    if (p.softCap > 0) cap(row + start * 4, width, p.softCap);
    if (p.diagonal) {
      const distances = queries + keys - 1;
      addRow(row, <usize>p.diagonal + (head * distances + queries - 1 - query) * 4, start, start + width);
    }
    if (p.prefilled) addRow(row, map, start, start + width);
    for (let j = start; j < min(from, start + width); j++) store<f32>(row + j * 4, HIDDEN);
    for (let j = max(to, start); j < start + width; j++) store<f32>(row + j * 4, HIDDEN);
    if (p.raw) {
      writeRow(map, row, from, to, keys, 1, -Infinity);
      continue;
    }
    const sink = p.sinks ? load<f32>(p.sinks + head * 4) : -Infinity;
    const mayBeInfinite = p.prefilled != 0 || p.diagonal != 0;
    const factor = softmaxRow(row + start * 4, width, sink, mayBeInfinite, from < to);
    if (!(factor >= 0) && fault < 0) fault = <i32>(head * queries + query);
    store<f32>(factors + r * 4, factor);
    if (map) writeRow(map, row, from, to, keys, factor, 0);
  }
  if (p.value && !p.raw) sumValues(p, head, shared, first, m, start, start + width, scores, stride, factors, sums, tileScratch);
  return fault;
}

function cap(row: usize, width: usize, limit: f32): void {
  const limits = f32x4.splat(limit);
  const inverse = f32x4.splat(<f32>1 / limit);
  for (let at = row; at < row + width * 4; at += 16) {
    v128.store(at, f32x4.mul(limits, tanh(f32x4.mul(v128.load(at), inverse))));
  }
}

/** Adds `bias` to the columns [start, end) of a row. */
function addRow(row: usize, bias: usize, start: usize, end: usize): void {
  for (let j = start; j < end; j += 4) {
    v128.store(row + j * 4, f32x4.add(v128.load(row + j * 4), v128.load(bias + j * 4)));
  }
}

/**
 * Scores to their exponentials, hidden ones to exactly 0.
 *
 * @param any whether one is visible; else everything becomes 0.
 * @returns what makes them probabilities; NaN where scores are not finite.
 */
function softmaxRow(row: usize, width: usize, sink: f32, mayBeInfinite: bool, any: bool): f32 {
  const end = row + width * 4;
  if (!any) {
    memory.fill(row, 0, width * 4);
    return 0;
  }
  let largest0 = f32x4.splat(sink);
  let largest1 = largest0;
  let least0 = f32x4.splat(0);
  let least1 = least0;
  for (let at = row; at < end; at += 32) {
    const x0 = v128.load(at);
    const x1 = v128.load(at, 16);
    largest0 = f32x4.pmax(largest0, x0);
    largest1 = f32x4.pmax(largest1, x1);
    least0 = f32x4.pmin(least0, x0);
    least1 = f32x4.pmin(least1, x1);
  }
  if (!mayBeInfinite && minimumOf(f32x4.pmin(least0, least1)) == -Infinity) return NaN;
  const largest = maximumOf(f32x4.pmax(largest0, largest1));
  // Nothing but what is hidden, or infinitely small.
  if (!(largest > HIDDEN)) return NaN;
  const largests = f32x4.splat(largest);
  let sum0 = f32x4.splat(0);
  let sum1 = sum0;
  for (let at = row; at < end; at += 32) {
    const e0 = expOfNegative(f32x4.sub(v128.load(at), largests));
    const e1 = expOfNegative(f32x4.sub(v128.load(at, 16), largests));
    v128.store(at, e0);
    v128.store(at, e1, 16);
    sum0 = f32x4.add(sum0, e0);
    sum1 = f32x4.add(sum1, e1);
  }
  let sum = sumOf(f32x4.add(sum0, sum1));
  if (sink > -Infinity) sum += f32x4.extract_lane(expOfNegative(f32x4.splat(sink - largest)), 0);
  return <f32>1 / sum;
}

/** Columns [from, to) of a row times a factor into a row of the map, `hidden` elsewhere. */
function writeRow(map: usize, row: usize, from: usize, to: usize, keys: usize, factor: f32, hidden: f32): void {
  const factors = f32x4.splat(factor);
  fillWith(map, map + from * 4, hidden);
  let j = from;
  for (; j + 4 <= to; j += 4) v128.store(map + j * 4, f32x4.mul(v128.load(row + j * 4), factors));
  for (; j < to; j++) store<f32>(map + j * 4, load<f32>(row + j * 4) * factor);
  fillWith(map + to * 4, map + keys * 4, hidden);
}

// @ts-ignore: decorator
@inline
function fillWith(from: usize, to: usize, value: f32): void {
  if (value == 0) memory.fill(from, 0, to - from);
  else for (; from < to; from += 4) store<f32>(from, value);
}

/** Sums of the values of keys [start, end), divided as the softmax wants, into the output. */
function sumValues(
  p: Attend,
  head: usize,
  shared: usize,
  first: usize,
  m: usize,
  start: usize,
  end: usize,
  scores: usize,
  stride: usize,
  factors: usize,
  sums: usize,
  tileScratch: usize,
): void {
  const keys = <usize>p.keys;
  const valueDim = <usize>p.valueDim;
  const width = (valueDim + 7) & ~7;
  const out = <usize>p.out + (first * p.outStride + head * p.outStep) * 4;
  const values = <usize>p.packedValues + shared * width * keys * 4;
  // Values have no padding of keys, and what is beyond the last has the probability 0.
  const last = min(end, keys);
  if (last <= start) memory.fill(sums, 0, m * width * 4);
  for (let k0 = start; k0 < last; k0 += INNER) {
    tiles(
      m, width, min<usize>(INNER, last - k0), scores + k0 * 4, stride,
      values + k0 * 32, keys * 32, sums, width * 4, 1, k0 > start ? 2 : 0, 0, tileScratch,
    );
  }
  for (let r: usize = 0; r < m; r++) {
    const factor = load<f32>(factors + r * 4);
    const from = sums + r * width * 4;
    const to = out + r * p.outStride * 4;
    const many = f32x4.splat(factor);
    let d: usize = 0;
    for (; d + 4 <= valueDim; d += 4) v128.store(to + d * 4, f32x4.mul(v128.load(from + d * 4), many));
    for (; d < valueDim; d++) store<f32>(to + d * 4, load<f32>(from + d * 4) * factor);
  }
}
