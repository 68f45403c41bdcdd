/** Attention whose scores, then weights, are mixed between heads (Shazeer et al. 2020): all heads a block of queries. */
import type { Attention } from '../../../core/model/module';
import type { Context } from '../../context';
import { RunFailure } from '../../failure';
import type { AttendTask } from '../../kernels/kernels';
import { tiledMatmul, turnedMatmul, vector } from '../linear';

type Talking = NonNullable<Attention['talkingHeads']>;

/** Queries whose scores of all heads are held. */
const BLOCK = 32;

/** Fills maps, which are the mixed weights, and sums; a part of one head's map alone is left to who wants it. */
export async function attendTalking(
  task: AttendTask,
  { scores, weights }: Talking,
  path: string,
  context: Context,
): Promise<void> {
  if (task.tile !== undefined) return;
  const { heads, queries, keys, maps, values } = task;
  const mixScores = await vector(scores.weight, context);
  const mixWeights = await vector(weights.weight, context);
  const own = context.zeros(heads, Math.min(BLOCK, queries) * keys).data;
  const mixed = context.zeros(heads, Math.min(BLOCK, queries) * keys).data;
  for (let first = 0; first < queries; first += BLOCK) {
    const rows = Math.min(BLOCK, queries - first);
    const size = rows * keys;
    await scoresOf(task, first, rows, own.fill(0), context);
    mix(mixScores, heads, size, own, mixed.fill(0));
    softmaxRows(task, first, rows, mixed, path, context);
    mix(mixWeights, heads, size, mixed, own.fill(0));
    for (let head = 0; head < heads; head++) {
      maps?.set(own.subarray(head * size, (head + 1) * size), (head * queries + first) * keys);
    }
    if (values !== undefined) await sum(task, values, first, rows, own, context);
    await context.pace.step();
  }
}

/** [heads, rows, keys]. */
async function scoresOf(
  { heads, keys, headDim, query, key, scale, fill }: AttendTask,
  first: number,
  rows: number,
  out: Float32Array,
  context: Context,
): Promise<void> {
  for (let head = 0; head < heads; head++) {
    const into = { data: out, offset: head * rows * keys, stride: keys };
    await fill?.(head, first, rows, into);
    const q = { ...query, offset: query.offset + first * query.stride + head * query.step };
    const k = { ...key, offset: key.offset + head * key.step };
    await tiledMatmul(context, rows, keys, headDim, q, k, into, scale);
  }
}

/** to[h] += Σ weights[h, g] · from[g], over vectors of `size`. */
function mix(weights: Float32Array, heads: number, size: number, from: Float32Array, to: Float32Array): void {
  for (let head = 0; head < heads; head++) {
    for (let other = 0; other < heads; other++) {
      const weight = weights[head * heads + other]!;
      for (let i = 0; i < size; i++) to[head * size + i]! += weight * from[other * size + i]!;
    }
  }
}

function softmaxRows(
  { heads, keys, visible }: AttendTask,
  first: number,
  rows: number,
  scores: Float32Array,
  path: string,
  context: Context,
): void {
  for (let row = 0; row < heads * rows; row++) {
    const query = first + (row % rows);
    const [from, to] = visible === undefined ? [0, keys] : [visible[2 * query]!, visible[2 * query + 1]!];
    if (!context.kernels.softmax(scores, row * keys + from, row * keys + to)) {
      const head = Math.floor(row / rows);
      const which = `the scores of head ${head}, query ${query} are not finite in float32`;
      throw new RunFailure('engine', `${path}: ${which}`);
    }
    scores.fill(0, row * keys, row * keys + from);
    scores.fill(0, row * keys + to, (row + 1) * keys);
  }
}

async function sum(
  task: AttendTask,
  { from, to }: NonNullable<AttendTask['values']>,
  first: number,
  rows: number,
  weights: Float32Array,
  context: Context,
): Promise<void> {
  const { heads, keys, valueDim } = task;
  for (let head = 0; head < heads; head++) {
    await turnedMatmul(
      context,
      rows,
      valueDim,
      keys,
      { data: weights, offset: head * rows * keys, stride: keys },
      { ...from, offset: from.offset + head * from.step },
      { data: to.data, offset: to.offset + first * to.stride + head * to.step, stride: to.stride },
    );
  }
}
