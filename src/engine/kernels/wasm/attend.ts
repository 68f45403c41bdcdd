/** Attention as jobs: packing of keys and values, and then the heads. */
import type { AttendTask } from '../kernels';
import { ATTEND, PACK_HEADS, Single, type Job } from './job';
import type { Staging } from './staging';

/** Queries that a kernel works on together, assembly/attention.as. */
const BLOCK = 24;

/** Multiply–accumulates of a chunk: a few milliseconds. */
const WORK = 40e6;

/** Chunks a thread, so that none waits long for the last. */
const SHARE = 4;

/** @param task without `tile` and `fill`. @param prefilled whether the maps hold what is added to scores. */
export function attendJobs(
  task: AttendTask,
  prefilled: boolean,
  staging: Staging,
  threads: number,
): readonly [pack: Job, attend: Job] {
  const { heads, keyValueHeads, queries, keys, headDim, valueDim, query, key, values, maps, raw } = task;
  const panels = (length: number): number => 8 * Math.ceil(length / 8);
  const packedKeys = staging.room(keyValueHeads * panels(keys) * headDim);
  const packedValues = values && staging.room(keyValueHeads * panels(valueDim) * keys);
  const room = BLOCK * (panels(keys) + 16) + BLOCK + 8 + BLOCK * panels(valueDim);
  const scratchSize = 256 * Math.ceil((4 * room) / 256);
  const rows = rowsOf(task, threads);
  const heading = (width: number, count: number): number => (count - 1) * width;
  const words = [
    ...[heads, heads / keyValueHeads, queries, keys, headDim, valueDim],
    ...[staging.matrix(query, queries, heading(query.step, heads) + headDim), query.stride, query.step],
    ...[staging.matrix(key, keys, heading(key.step, keyValueHeads) + headDim), key.stride, key.step],
    ...(values === undefined
      ? [0, 0, 0]
      : [
          staging.matrix(values.from, keys, heading(values.from.step, keyValueHeads) + valueDim),
          values.from.stride,
          values.from.step,
        ]),
    ...[packedKeys.byteOffset, packedValues?.byteOffset ?? 0],
    ...(values === undefined
      ? [0, 0, 0]
      : [
          staging.matrix(values.to, queries, heading(values.to.step, heads) + valueDim, true),
          values.to.stride,
          values.to.step,
        ]),
    ...[new Single(task.scale), new Single(task.softCap ?? 0)],
    ...[task.sinks, raw ? undefined : task.visible, task.diagonal].map((each) =>
      each === undefined ? 0 : staging.input(each),
    ),
    ...[prefilled ? 1 : 0, maps === undefined ? 0 : staging.output(maps)],
    ...[rows, staging.room((threads * scratchSize) / 4).byteOffset, scratchSize, raw ? 1 : 0],
  ];
  return [
    { kind: PACK_HEADS, chunks: 2 * keyValueHeads, words },
    { kind: ATTEND, chunks: heads * Math.ceil(queries / rows), words },
  ];
}

/** Queries of a chunk, whole blocks. */
function rowsOf({ heads, queries, keys, headDim, valueDim }: AttendTask, threads: number): number {
  const bounded = WORK / (keys * (headDim + valueDim));
  const shared = (queries * heads) / (SHARE * threads);
  return BLOCK * Math.max(1, Math.floor(Math.min(bounded, shared, 256) / BLOCK));
}
