/** Parts of an attention as attentions of their own. */
import type { AttendTask, Tile } from './kernels';

/** The attention of one head alone. */
export function headTask(task: AttendTask, head: number): AttendTask {
  return part(task, head, 0, task.queries);
}

/** The attention of one head and the queries of a tile. */
export function tileTask(
  task: AttendTask,
  { heads, queries: [first, end], scores, into }: Tile,
  head: number,
): AttendTask {
  const size = (end - first) * task.keys;
  const at = (head - heads[0]) * size;
  const { tile: _, values: __, ...own } = part(task, head, first, end - first);
  return { ...own, maps: into.subarray(at, at + size), ...(scores ? { raw: true } : {}) };
}

function part(task: AttendTask, head: number, first: number, rows: number): AttendTask {
  const { queries, keys, query, key, sinks, visible, diagonal, fill, values } = task;
  const keyHead = Math.floor(head / (task.heads / task.keyValueHeads));
  const distances = head * (queries + keys - 1) + queries - first - rows;
  return {
    ...task,
    heads: 1,
    keyValueHeads: 1,
    queries: rows,
    query: { ...query, offset: query.offset + first * query.stride + head * query.step },
    key: { ...key, offset: key.offset + keyHead * key.step },
    ...(sinks === undefined ? {} : { sinks: sinks.subarray(head, head + 1) }),
    ...(visible === undefined ? {} : { visible: visible.subarray(2 * first, 2 * (first + rows)) }),
    ...(diagonal === undefined
      ? {}
      : { diagonal: diagonal.subarray(distances, distances + rows + keys - 1) }),
    ...(fill === undefined ? {} : { fill: (_, from, count, to) => fill(head, first + from, count, to) }),
    ...(values === undefined
      ? {}
      : {
          values: {
            from: { ...values.from, offset: values.from.offset + keyHead * values.from.step },
            to: {
              ...values.to,
              offset: values.to.offset + first * values.to.stride + head * values.to.step,
            },
          },
        }),
  };
}
