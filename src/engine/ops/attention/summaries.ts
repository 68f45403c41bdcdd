/** LongT5's transient globals (Guo et al. 2021): each `tokens` tokens, summed and normed, are a key and a value more. */
import type { Attention, PositionScheme } from '../../../core/model/module';
import type { Context } from '../../context';
import type { AttendTask, Heads } from '../../kernels/kernels';
import type { Tensor } from '../../tensor';
import { linear, vector } from '../linear';
import { norm } from '../norm';
import { keyCount } from './mask';
import { bucketOf, relativeScores } from './relative';
import type { Projected } from './projections';

type Buckets = Extract<PositionScheme, { type: 'relativeBuckets' }>;

const f32 = Math.fround;

/**
 * The summary that each token belongs to; tokens behind the last whole block belong to its summary, −1 where there is
 * none. As the class finds them: by a running sum of 1 / size that is rounded to float32.
 */
export function summaryOf(length: number, size: number): Int32Array {
  const last = Math.floor(length / size) - 1;
  const step = f32(1 / size);
  let sum = 0;
  return Int32Array.from({ length }, () => {
    sum += step;
    const before = f32(f32(sum) - step);
    return Math.min(last, Math.max(-1, Math.floor(f32(f32(1 + before) - 1))));
  });
}

/** Keys and values with those of the summaries behind them. @param x [queries, width]. */
export async function withSummaries(
  module: Attention,
  projected: Projected,
  x: Tensor,
  context: Context,
): Promise<Projected> {
  const { summaries, projections } = module;
  if (summaries === undefined || projections.type !== 'separate') return projected;
  // A sequence shorter than what one stands for has none.
  if (keyCount(module, x.shape[0]!) === x.shape[0]!) return projected;
  const summed = await norm(summaries.norm, sums(x, summaries.tokens, context), context);
  const joined = async (own: Heads, more: Tensor, step: number): Promise<Heads> => {
    const out = context.zeros(x.shape[0]! + more.shape[0]!, more.shape[1]!);
    out.data.set(own.data);
    out.data.set(more.data, own.data.length);
    return Promise.resolve({ data: out.data, offset: 0, stride: more.shape[1]!, step });
  };
  const key = await linear(projections.key, summed, context);
  return {
    query: projected.query,
    key: await joined(projected.key, key, module.headDim),
    value: async () =>
      joined(await projected.value(), await linear(projections.value, summed, context), module.valueDim),
  };
}

/** [length / size, width]. */
function sums(x: Tensor, size: number, context: Context): Tensor {
  const [length, width] = [x.shape[0]!, x.shape[1]!];
  const out = context.zeros(Math.floor(length / size), width);
  const belongs = summaryOf(length, size);
  for (let token = 0; token < length; token++) {
    const summary = belongs[token]!;
    if (summary < 0) continue;
    for (let j = 0; j < width; j++) out.data[summary * width + j]! += x.data[token * width + j]!;
  }
  return out;
}

/** The bias of distances between tokens, and that of distances between blocks for the summaries. */
export async function summaryBias(
  { position, summaries, heads }: Attention,
  queries: number,
  keys: number,
  context: Context,
): Promise<Pick<AttendTask, 'fill'>> {
  if (summaries === undefined || position.type !== 'relativeBuckets') return {};
  const tokens = await tokenBias(position, heads, queries, context);
  const table = await vector(summaries.table, context);
  const belongs = summaryOf(queries, summaries.tokens);
  // What no token belongs to the class hides.
  const used = belongs.reduce((a, b) => Math.max(a, b), -1) + 1;
  return {
    fill(head, first, rows, { data, offset, stride }) {
      for (let row = 0; row < rows; row++) {
        const query = first + row;
        const at = offset + row * stride;
        const from = head * (2 * queries - 1) + queries - 1 - query;
        for (let key = 0; key < queries; key++) data[at + key]! += tokens[from + key]!;
        for (let summary = 0; queries + summary < keys; summary++) {
          const bucket = bucketOf(position, summary - belongs[query]!);
          data[at + queries + summary]! += summary < used ? table[bucket * heads + head]! : -Infinity;
        }
      }
    },
  };
}

async function tokenBias(position: Buckets, heads: number, queries: number, context: Context) {
  return relativeScores(position, await vector(position.table, context), heads, queries, queries);
}
