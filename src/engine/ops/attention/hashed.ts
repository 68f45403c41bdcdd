/**
 * Locality-sensitive hashing attention (Kitaev et al. 2020): tokens are sorted into buckets by random rotations, and
 * look at those near them in that order. Queries are keys; there may be several rounds, each with buckets of its own.
 */
import type { Attention } from '../../../core/model/module';
import type { Context, Wanted } from '../../context';
import type { Heads } from '../../kernels/kernels';
import type { Tensor } from '../../tensor';
import { linear, tiledMatmul } from '../linear';
import { paddedLength } from './chunks';
import { side } from './heads';
import { headRounds, type Hashed, type HeadRounds } from './rounds';

const f32 = Math.fround;

/**
 * x [length, width] → [length, width]. The map has what a token gives another in all rounds together; a tile is not
 * computed alone, since every token's bucket has to be known for it.
 */
export async function hashedAttention(
  module: Attention,
  mask: Hashed,
  x: Tensor,
  wanted: Wanted,
  context: Context,
): Promise<Tensor | undefined> {
  const { heads, headDim, valueDim, projections } = module;
  if (wanted.tile !== undefined || projections.type !== 'separate') return undefined;
  const length = x.shape[0]!;
  const shared = side(await linear(projections.query, x, context), headDim);
  const values = wanted.output ? side(await linear(projections.value, x, context), valueDim) : undefined;
  const mixed = context.zeros(values === undefined ? 0 : length, heads * valueDim);
  for (let head = 0; head < heads; head++) {
    const rounds = await headRounds(module, mask, shared, length, head, context);
    weigh(rounds, roundShares(rounds, length, paddedLength(mask, length)));
    const size = length * length;
    if (wanted.maps !== undefined)
      addToMap(rounds, length, wanted.maps.subarray(head * size, (head + 1) * size));
    if (values !== undefined) await addSums(rounds, values, mixed, head, valueDim, context);
    await context.pace.step();
  }
  context.attended();
  return values === undefined ? undefined : linear(module.output, mixed, context);
}

/** The share of each round in a token's result, by place. */
function roundShares({ logits, order }: HeadRounds, length: number, padded: number): Float32Array {
  const rounds = order.length / padded;
  const shares = new Float32Array(order.length).fill(1);
  if (rounds === 1) return shares;
  const own = new Float32Array(rounds * length);
  order.forEach((token, place) => {
    if (token < length) own[Math.floor(place / padded) * length + token] = logits[place]!;
  });
  const totals = Float32Array.from({ length }, (_, token) => {
    let largest = -Infinity;
    for (let at = token; at < own.length; at += length) largest = Math.max(largest, own[at]!);
    let sum = 0;
    for (let at = token; at < own.length; at += length) sum += Math.exp(own[at]! - largest);
    return largest + f32(Math.log(sum));
  });
  order.forEach((token, place) => {
    if (token < length) shares[place] = Math.exp(f32(logits[place]! - totals[token]!));
  });
  return shares;
}

/** A round's probabilities become what they give to the result. */
function weigh({ weights, width }: HeadRounds, shares: Float32Array): void {
  for (let i = 0; i < weights.length; i++) weights[i] = weights[i]! * shares[Math.floor(i / width)]!;
}

/** A pair of tokens that meets several times has the sum. */
function addToMap(
  { order, weights, width, chunk, keysOf }: HeadRounds,
  length: number,
  map: Float32Array,
): void {
  for (let first = 0; first < order.length; first += chunk) {
    const keys = keysOf(first / chunk);
    for (let place = first; place < first + chunk; place++) {
      const query = order[place]!;
      if (query >= length) continue;
      for (let i = 0; i < width; i++) {
        if (keys[i]! < length) map[query * length + keys[i]!]! += weights[place * width + i]!;
      }
    }
  }
}

/** Adds the values, weighted, of every place to its token's sum. */
async function addSums(
  { order, weights, width, chunk, keysOf }: HeadRounds,
  values: Heads,
  mixed: Tensor,
  head: number,
  dim: number,
  context: Context,
): Promise<void> {
  const length = mixed.shape[0]!;
  const turned = context.zeros(dim, width).data;
  for (let first = 0; first < order.length; first += chunk) {
    turned.fill(0);
    keysOf(first / chunk).forEach((key, i) => {
      const at = values.offset + key * values.stride + head * values.step;
      for (let d = 0; key < length && d < dim; d++) turned[d * width + i] = values.data[at + d]!;
    });
    const sums = context.zeros(chunk, dim).data;
    await tiledMatmul(
      context,
      chunk,
      dim,
      width,
      { data: weights, offset: first * width, stride: width },
      { data: turned, offset: 0, stride: width },
      { data: sums, offset: 0, stride: dim },
    );
    for (let row = 0; row < chunk; row++) {
      const token = order[first + row]!;
      const at = token * mixed.shape[1]! + head * dim;
      for (let d = 0; token < length && d < dim; d++) mixed.data[at + d]! += sums[row * dim + d]!;
    }
  }
}
