/** Scores, softmax and weighted sums of an attention, head by head and a block of queries at a time. */
import { RunFailure } from '../../failure';
import type { Pace } from '../../pace';
import type { AttendTask, Heads, Matrix } from '../kernels';
import { tileTask } from '../parts';
import { multiply } from './product';
import { softmax } from './rows';

/** Queries whose scores are computed together; what lies beyond their last visible key is left out. */
const BLOCK = 64;

/** Queries [first, first + rows), and the keys [start, end) that one of them or more sees. */
interface QueryBlock {
  readonly first: number;
  readonly rows: number;
  readonly start: number;
  readonly end: number;
}

/** Fills the maps and the weighted sums that a task asks for. @param path of the module, for messages. */
export async function attend(task: AttendTask, path: string, pace: Pace): Promise<void> {
  const { tile } = task;
  if (tile !== undefined) {
    const [from, to] = tile.heads;
    for (let head = from; head < to; head++) await attend(tileTask(task, tile, head), path, pace);
    tile.filled = true;
    return;
  }
  const { heads, keyValueHeads, keys, valueDim, maps, queries, values } = task;
  const blocks = blocksOf(task);
  const block = maps === undefined ? new Float32Array(Math.min(BLOCK, queries) * keys) : undefined;
  const turned = new Float32Array(values === undefined ? 0 : valueDim * keys);
  let turnedHead = -1;
  for (let head = 0; head < heads; head++) {
    const keyHead = Math.floor(head / (heads / keyValueHeads));
    if (values !== undefined && keyHead !== turnedHead) turnValues(task, values.from, keyHead, turned);
    turnedHead = keyHead;
    for (const own of blocks) {
      const weights: Matrix =
        maps === undefined
          ? { data: block!.fill(0), offset: 0, stride: keys }
          : { data: maps, offset: (head * queries + own.first) * keys, stride: keys };
      await fillWeights(task, head, keyHead, own, weights, path, pace);
      if (values === undefined) continue;
      const { to } = values;
      await multiply(
        {
          m: own.rows,
          n: valueDim,
          k: Math.max(0, own.end - own.start),
          a: { ...weights, offset: weights.offset + own.start },
          b: { type: 'floats', matrix: { data: turned, offset: own.start, stride: keys } },
          c: { ...to, offset: to.offset + own.first * to.stride + head * to.step },
        },
        pace,
      );
    }
  }
}

function blocksOf({ queries, keys, visible, raw }: AttendTask): QueryBlock[] {
  return Array.from({ length: Math.ceil(queries / BLOCK) }, (_, block) => {
    const first = block * BLOCK;
    const rows = Math.min(BLOCK, queries - first);
    if (visible === undefined || raw) return { first, rows, start: 0, end: keys };
    let [start, end] = [keys, 0];
    for (let row = first; row < first + rows; row++) {
      start = Math.min(start, visible[2 * row]!);
      end = Math.max(end, visible[2 * row + 1]!);
    }
    return { first, rows, start, end };
  });
}

/** The probabilities of a block of queries: `weights` has zeros, and is zero where masked. */
async function fillWeights(
  task: AttendTask,
  head: number,
  keyHead: number,
  { first, rows, start, end }: QueryBlock,
  weights: Matrix,
  path: string,
  pace: Pace,
): Promise<void> {
  const { query, key, keys, visible, softCap, sinks } = task;
  await task.fill?.(head, first, rows, weights);
  await multiply(
    {
      m: rows,
      n: Math.max(0, end - start),
      k: task.headDim,
      a: { ...query, offset: query.offset + first * query.stride + head * query.step },
      b: {
        type: 'floats',
        matrix: { ...key, offset: key.offset + start * key.stride + keyHead * key.step },
      },
      c: { ...weights, offset: weights.offset + start },
      scale: task.scale,
      accumulate: true,
    },
    pace,
  );
  for (let row = 0; row < rows; row++) {
    const at = weights.offset + row * weights.stride;
    const [from, to] =
      visible === undefined ? [0, keys] : [visible[2 * (first + row)]!, visible[2 * (first + row) + 1]!];
    if (task.raw) {
      if (softCap !== undefined) cap(weights.data, at, at + keys, softCap);
      addDiagonal(task, head, first + row, weights.data, at, 0, keys);
      continue;
    }
    if (softCap !== undefined) cap(weights.data, at + from, at + to, softCap);
    addDiagonal(task, head, first + row, weights.data, at, from, to);
    // A query that sees nothing has no probabilities.
    if (from < to && !softmax(weights.data, at + from, at + to, sinks?.[head])) {
      throw new RunFailure(
        'engine',
        `${path}: the scores of head ${head}, query ${first + row} are not finite in float32`,
      );
    }
    // The block's product has scores beyond this row's own range.
    weights.data.fill(0, at + (task.fill ? 0 : start), at + from);
    weights.data.fill(0, at + to, at + (task.fill ? keys : end));
  }
  await pace.step();
}

/** Adds the bias of distances to keys [from, to) of a query, whose scores begin at `at`. */
function addDiagonal(
  { diagonal, queries, keys }: AttendTask,
  head: number,
  query: number,
  scores: Float32Array,
  at: number,
  from: number,
  to: number,
): void {
  if (diagonal === undefined) return;
  const shift = head * (queries + keys - 1) + queries - 1 - query;
  for (let j = from; j < to; j++) scores[at + j]! += diagonal[shift + j]!;
}

function cap(scores: Float32Array, from: number, to: number, limit: number): void {
  for (let i = from; i < to; i++) scores[i] = limit * Math.tanh(scores[i]! / limit);
}

/** The values of one head as [valueDim, keys]. */
export function turnValues(
  { keys, valueDim }: AttendTask,
  value: Heads,
  head: number,
  out: Float32Array,
): void {
  for (let key = 0; key < keys; key++) {
    const at = value.offset + key * value.stride + head * value.step;
    for (let d = 0; d < valueDim; d++) out[d * keys + key] = value.data[at + d]!;
  }
}
