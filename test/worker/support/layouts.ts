/** Maps in the layouts that families return them in, against the engine's [heads, queries, keys]. */
import type { Attention } from '../../../src/core/model/module';
import type { Context } from '../../../src/engine/context';
import { chunksAround, oneChunk, paddedLength } from '../../../src/engine/ops/attention/chunks';
import { side } from '../../../src/engine/ops/attention/heads';
import { headRounds, type HeadRounds } from '../../../src/engine/ops/attention/rounds';
import { linear } from '../../../src/engine/ops/linear';
import type { Tensor } from '../../../src/engine/tensor';

/** A map of the engine. */
export interface Map3 {
  readonly attention: Attention;
  readonly queries: number;
  readonly keys: number;
  readonly values: Float32Array;
  /** Of hashing attention: what each head computes in the order of its buckets. */
  rounds?: readonly HeadRounds[];
}

/** What hashing attention computes of x, head by head. */
export async function hashRounds(attention: Attention, x: Tensor, context: Context): Promise<HeadRounds[]> {
  const { mask, projections, headDim } = attention;
  if (mask.type !== 'hashed' || projections.type !== 'separate') throw new Error(mask.type);
  const shared = side(await linear(projections.query, x, context), headDim);
  const rounds: HeadRounds[] = [];
  for (let head = 0; head < attention.heads; head++) {
    const made = await headRounds(attention, mask, shared, x.shape[0]!, head, context);
    // Copied, since the run's memory is used again.
    rounds.push({ ...made, weights: made.weights.slice() });
  }
  return rounds;
}

/** Reformer returns the probabilities of each round, in the order of its buckets: [heads, rounds · padded, width]. */
function hashedDifference({ queries, values }: Map3, rounds: readonly HeadRounds[], wanted: Tensor): number {
  const size = rounds[0]!.weights.length;
  if (wanted.data.length !== rounds.length * size) return Infinity;
  let difference = 0;
  rounds.forEach(({ order, weights, width, chunk, keysOf }, head) => {
    const theirs = wanted.data.subarray(head * size, (head + 1) * size);
    const laid = new Float32Array(queries * queries);
    for (const [place, query] of order.entries()) {
      if (query >= queries) continue;
      const keys = keysOf(Math.floor(place / chunk));
      for (let i = 0; i < width; i++) {
        difference = Math.max(difference, Math.abs(weights[place * width + i]! - theirs[place * width + i]!));
        if (keys[i]! < queries) laid[query * queries + keys[i]!]! += theirs[place * width + i]!;
      }
    }
    // What the rounds weigh the class keeps to itself; of one round the map is all there is.
    const own = values.subarray(head * queries * queries, (head + 1) * queries * queries);
    if (new Set(order).size === order.length) difference = Math.max(difference, largest(own, laid));
  });
  return difference;
}

/** Where a cell of a family's layout belongs; undefined for a query or key that is padding. */
type Place = (at: readonly number[]) => readonly [head: number, query: number, key: number];

/**
 * The largest difference between a map and what a family returned of it.
 *
 * Rows of padding are left out, since the engine computes none. Elsewhere every cell counts: a weight that the family
 * gives to what is no key differs from zero, and so does one of the engine's that the family does not have.
 */
export function mapDifference(own: Map3, given: Tensor): number {
  const { attention, queries, keys, values } = own;
  // Chunks make five axes of four; the batch's may be among them.
  const wanted = given.shape.length === 5 ? { ...given, shape: given.shape.slice(1) } : given;
  if (own.rounds !== undefined) return hashedDifference(own, own.rounds, wanted);
  if (attention.mask.type === 'ownBlock') return firstBlockDifference(own, attention.mask.block, wanted);
  const place = placeOf(own, wanted.shape);
  if (place === undefined) {
    return String(wanted.shape) === String([attention.heads, queries, keys])
      ? largest(values, wanted.data)
      : Infinity;
  }
  const laid = new Float32Array(values.length);
  let outside = 0;
  const at = wanted.shape.map(() => 0);
  for (const value of wanted.data) {
    const [head, query, key] = place(at);
    if (query >= 0 && query < queries) {
      if (key >= 0 && key < keys) laid[(head * queries + query) * keys + key]! += value;
      else outside = Math.max(outside, Math.abs(value));
    }
    for (let axis = at.length - 1; axis >= 0 && ++at[axis]! === wanted.shape[axis]; axis--) at[axis] = 0;
  }
  return Math.max(outside, largest(values, laid, keys, globalRows(own)));
}

/** CANINE returns the first block alone, which is not laid out among the others: [heads, block, block]. */
function firstBlockDifference(
  { attention, queries, keys, values }: Map3,
  block: number,
  wanted: Tensor,
): number {
  const side = Math.min(block, queries);
  if (String(wanted.shape) !== String([attention.heads, side, side])) return Infinity;
  const first = new Float32Array(wanted.data.length);
  for (let row = 0; row < attention.heads * side; row++) {
    const at = (Math.floor(row / side) * queries + (row % side)) * keys;
    first.set(values.subarray(at, at + side), row * side);
  }
  return largest(first, wanted.data);
}

/** Rows of global tokens, which Longformer returns apart: [heads, keys and padding, globals]. */
export function globalDifference({ attention, queries, keys, values }: Map3, wanted: Tensor): number {
  const [heads, padded, globals] = wanted.shape as [number, number, number];
  if (heads !== attention.heads || padded < keys || globals > queries) return Infinity;
  let difference = 0;
  for (let i = 0; i < wanted.data.length; i++) {
    const [head, key, query] = [
      Math.floor(i / (padded * globals)),
      Math.floor(i / globals) % padded,
      i % globals,
    ];
    const own = key < keys ? values[(head * queries + query) * keys + key]! : 0;
    difference = Math.max(difference, Math.abs(own - wanted.data[i]!));
  }
  return difference;
}

/** The rows that `global_attentions` has. */
function globalRows({ attention, queries }: Map3): (row: number) => boolean {
  const { mask } = attention;
  const globals = mask.type === 'windowGlobal' ? mask.globals : 0;
  return (row) => row % queries < globals;
}

function placeOf({ attention, queries, keys }: Map3, shape: readonly number[]): Place | undefined {
  const { mask, heads } = attention;
  if (
    mask.type === 'windowGlobal' &&
    String(shape) === String([heads, queries, mask.globals + 2 * mask.radius + 1])
  ) {
    const { globals, radius } = mask;
    return ([head, query, cell]) => [
      head!,
      query!,
      cell! < globals ? cell! : query! - radius + cell! - globals,
    ];
  }
  if (mask.type === 'localBlocks') {
    // [blocks, heads, block, 3 · block + summaries].
    const { block } = mask;
    const blocks = Math.ceil(queries / block);
    const cells = 3 * block + keys - queries;
    if (String(shape) !== String([blocks, heads, block, cells])) return undefined;
    return (at) => {
      const [index, head, row, cell] = at as readonly [number, number, number, number];
      const key = cell < 3 * block ? (index - 1) * block + cell : queries + cell - 3 * block;
      // Keys beyond the sequence are padding, not summaries.
      const padding = cell < 3 * block && key >= queries;
      return [head, index * block + row, padding ? -1 : key];
    };
  }
  if (mask.type === 'nearChunks') {
    const padded = paddedLength(mask, queries);
    if (oneChunk(mask, queries))
      return String(shape) === String([heads, padded, padded]) ? identity : undefined;
    const { chunk, before, after } = mask;
    const count = padded / chunk;
    if (String(shape) !== String([heads, count, chunk, chunk * (before + 1 + after)])) return undefined;
    return ([head, index, row, cell]) => {
      const looked = chunksAround(mask, index!, count)[Math.floor(cell! / chunk)]!;
      return [head!, index! * chunk + row!, looked * chunk + (cell! % chunk)];
    };
  }
  // Padded to whole blocks.
  if (mask.type === 'blockSparse' && shape.length === 3 && shape[0] === heads && shape[1]! >= queries) {
    return identity;
  }
  return undefined;
}

const identity: Place = ([head, query, key]) => [head!, query!, key!];

function largest(
  a: Float32Array,
  b: Float32Array,
  columns = 1,
  skip: (row: number) => boolean = () => false,
): number {
  let difference = 0;
  for (let i = 0; i < a.length; i++) {
    if (skip(Math.floor(i / columns))) continue;
    const size = Math.abs(a[i]! - b[i]!);
    if (!(size <= difference)) difference = size;
  }
  return difference;
}

/** Of several sequences the reference may have the first alone; WavLM's class returns its heads' average for each. */
export function sharedDifference(map: Map3, wanted: Tensor): number {
  const heads = wanted.shape[0]!;
  const size = wanted.data.length / heads;
  const own = map.values.length > wanted.data.length && size === map.queries * map.keys;
  const values = own ? map.values.subarray(0, wanted.data.length) : map.values;
  const alike = heads > 1 && wanted.data.every((value, i) => value === wanted.data[i % size]);
  const sequences = map.values.length / (map.attention.heads * map.queries * map.keys);
  if (sequences > 1 && values.length === wanted.data.length) return largest(values, wanted.data);
  if (!alike || values.length !== wanted.data.length) return mapDifference({ ...map, values }, wanted);
  const mean = new Float32Array(size).map((_, i) => {
    let sum = 0;
    for (let head = 0; head < heads; head++) sum += values[head * size + i]!;
    return sum / heads;
  });
  return largest(mean, wanted.data.subarray(0, size));
}
