/** What a head of hashing attention computes, in the order of its buckets. */
import type { MaskPattern } from '../../../core/model/mask';
import type { Attention } from '../../../core/model/module';
import type { Context } from '../../context';
import { RunFailure } from '../../failure';
import type { Heads } from '../../kernels/kernels';
import { tiledMatmul } from '../linear';
import { bucketsOf, sortedByBucket } from './buckets';
import { chunksAround, oneChunk, paddedLength } from './chunks';

export type Hashed = Extract<MaskPattern, { type: 'hashed' }>;

const f32 = Math.fround;

/** The class's scores for what is masked are −10⁹, which leaves nothing of a key; −10⁵ for a token's own. */
const OWN = -1e5;

/** What a head computes, round by round, in the order of the buckets. */
export interface HeadRounds {
  /** Tokens of all rounds in their order, [rounds · padded]; the padding's are not below the length. */
  readonly order: Int32Array;
  /** Each place's probabilities over the places of the chunks that it looks at: [rounds · padded, width]. */
  readonly weights: Float32Array;
  readonly width: number;
  /** Places of a chunk. */
  readonly chunk: number;
  /** Logarithms of the sums that these were divided by, [rounds · padded]. */
  readonly logits: Float32Array;
  /** The places of a chunk's keys, in order. */
  readonly keysOf: (chunk: number) => Int32Array;
}

/** The rounds of one head. */
export async function headRounds(
  module: Attention,
  mask: Hashed,
  shared: Heads,
  length: number,
  head: number,
  context: Context,
): Promise<HeadRounds> {
  const { headDim: dim } = module;
  const padded = paddedLength(mask, length);
  const alone = oneChunk(mask, length);
  const chunk = alone ? padded : mask.chunk;
  const order = alone
    ? Int32Array.from({ length: padded }, (_, i) => i)
    : sortedByBucket(await bucketsOf(module, mask, shared, length, head, context), mask, length);
  const count = order.length / chunk;
  const around = (index: number): number[] => (alone ? [0] : chunksAround(mask, index, count));
  const keysOf = (index: number): Int32Array =>
    Int32Array.from(
      around(index).flatMap((each) => Array.from(order.subarray(each * chunk, (each + 1) * chunk))),
    );
  const width = chunk * around(0).length;
  const queries = gathered(shared, head, order, length, dim, context);
  const normal = normalised(queries, dim, context);
  const weights = context.zeros(order.length, width).data;
  const logits = context.zeros(order.length).data;
  const keys = context.zeros(width, dim).data;
  for (let index = 0; index < count; index++) {
    around(index).forEach((each, i) =>
      keys.set(normal.subarray(each * chunk * dim, (each + 1) * chunk * dim), i * chunk * dim),
    );
    const at = index * chunk;
    await tiledMatmul(
      context,
      chunk,
      width,
      dim,
      { data: queries, offset: at * dim, stride: dim },
      { data: keys, offset: 0, stride: dim },
      { data: weights, offset: at * width, stride: width },
    );
    const places = keysOf(index);
    for (let row = at; row < at + chunk; row++) {
      // What the padding looks at nobody asks for.
      if (order[row]! >= length) continue;
      const own = weights.subarray(row * width, (row + 1) * width);
      hide(own, order[row]!, places, length, mask.causal);
      logits[row] = softmax(own);
      if (Number.isNaN(logits[row]!)) {
        throw new RunFailure(
          'engine',
          `the scores of head ${head}, query ${order[row]!} are not finite in float32`,
        );
      }
    }
    await context.pace.step();
  }
  return { order, weights, width, chunk, logits, keysOf };
}

/** A place sees no padding, nothing after it where it is causal, and itself only where there is nothing else. */
function hide(scores: Float32Array, query: number, keys: Int32Array, length: number, causal: boolean): void {
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!;
    if (key === query) scores[i] = OWN;
    else if (key >= length || (causal && key > query)) scores[i] = -Infinity;
  }
}

/** In place; the logarithm of the sum, rounded as the class rounds it, which matters beside −10⁵. */
function softmax(scores: Float32Array): number {
  let largest = -Infinity;
  for (const score of scores) if (!(score <= largest)) largest = score;
  let sum = 0;
  for (const score of scores) sum += Math.exp(score - largest);
  const logit = f32(largest + f32(Math.log(sum)));
  for (let i = 0; i < scores.length; i++) scores[i] = Math.exp(f32(scores[i]! - logit));
  return logit;
}

/** Vectors of one head in this order, zeros for padding: [order, dim]. */
function gathered(x: Heads, head: number, order: Int32Array, length: number, dim: number, context: Context) {
  const { data } = context.zeros(order.length, dim);
  order.forEach((token, place) => {
    const at = x.offset + token * x.stride + head * x.step;
    if (token < length) data.set(x.data.subarray(at, at + dim), place * dim);
  });
  return data;
}

/** Keys: queries of equal length, over √dim. */
function normalised(queries: Float32Array, dim: number, context: Context): Float32Array {
  const { data } = context.zeros(queries.length);
  for (let start = 0; start < queries.length; start += dim) {
    let squares = 0;
    for (let i = start; i < start + dim; i++) squares += queries[i]! ** 2;
    const factor = 1 / Math.sqrt(squares / dim + 1e-6) / Math.sqrt(dim);
    for (let i = start; i < start + dim; i++) data[i] = queries[i]! * factor;
  }
  return data;
}
