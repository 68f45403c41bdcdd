/**
 * Parameters as they are made of tensors: matrices whose rows are read by range, as float32. What a file holds in another
 * order or shape (fused, split, turned round, scaled) is a view on views, and nothing is converted before it is read.
 */
import { formatOf } from '../formats';
import type { StoredTensor, WeightSource } from '../source';

/** Whole rows of a tensor, one after the other. */
export interface StoredPiece {
  readonly tensor: StoredTensor;
  /** In rows of the view. */
  readonly first: number;
  readonly rows: number;
}

export interface View {
  readonly rows: number;
  readonly columns: number;
  /** Every tensor that it is made of. */
  readonly tensors: readonly StoredTensor[];
  /** Where its rows lie, in their order; undefined where they are computed. */
  readonly stored?: readonly StoredPiece[];
  /** Rows [first, first + count), into `into` from `at`. */
  read(first: number, count: number, into: Float32Array, at: number): Promise<void>;
}

/** A tensor as rows of so many columns. */
export function whole(source: WeightSource, tensor: StoredTensor, rows: number, columns: number): View {
  return {
    rows,
    columns,
    tensors: [tensor],
    ...(inBlocks(tensor, columns) ? { stored: [{ tensor, first: 0, rows }] } : {}),
    read: (first, count, into, at) => source.read(tensor, first * columns, count * columns, into, at),
  };
}

/** The rows of views, one after the other. */
export function stack(views: readonly View[]): View {
  if (views.length === 1) return views[0]!;
  const { columns } = views[0]!;
  const stored = views.flatMap((view) => view.stored ?? []);
  return {
    rows: views.reduce((sum, { rows }) => sum + rows, 0),
    columns,
    tensors: allTensors(views),
    ...(views.every((view) => view.stored !== undefined) ? { stored } : {}),
    read: async (first, count, into, at) => {
      let start = 0;
      for (const view of views) {
        const from = Math.max(first, start);
        const to = Math.min(first + count, start + view.rows);
        if (from < to) await view.read(from - start, to - from, into, at + (from - first) * columns);
        start += view.rows;
      }
    },
  };
}

/** Rows [from, from + rows). */
export function slice(view: View, from: number, rows: number): View {
  if (from === 0 && rows === view.rows) return view;
  return {
    ...view,
    rows,
    ...(view.stored === undefined ? {} : { stored: cut(view.stored, from, rows) }),
    read: (first, count, into, at) => view.read(from + first, count, into, at),
  };
}

function cut(pieces: readonly StoredPiece[], from: number, rows: number): StoredPiece[] {
  const found: StoredPiece[] = [];
  let start = 0;
  for (const piece of pieces) {
    const begin = Math.max(from, start);
    const end = Math.min(from + rows, start + piece.rows);
    if (begin < end) {
      found.push({ tensor: piece.tensor, first: piece.first + begin - start, rows: end - begin });
    }
    start += piece.rows;
  }
  return found;
}

/**
 * Rows in another order within groups of `size` rows: row r of a group is row order[r] of that group. A group is read as
 * a whole.
 */
export function reordered(view: View, order: readonly number[]): View {
  const size = order.length;
  const { columns } = view;
  return {
    rows: view.rows,
    columns,
    tensors: view.tensors,
    read: async (first, count, into, at) => {
      const begin = Math.floor(first / size) * size;
      const end = Math.ceil((first + count) / size) * size;
      const group = new Float32Array((end - begin) * columns);
      await view.read(begin, end - begin, group, 0);
      for (let row = first; row < first + count; row++) {
        const within = row % size;
        const from = (row - within - begin + order[within]!) * columns;
        into.set(group.subarray(from, from + columns), at + (row - first) * columns);
      }
    },
  };
}

/** The last matrix that was turned round, so that reading all its rows reads it once. */
export interface TurnCache {
  view?: View;
  values?: Float32Array;
}

/** Elements that are turned round at a time, and kept: 64 MB. */
const MOST_TURNED = 1 << 24;
/** Elements read at a time where a matrix is larger. */
const STRIP = 1 << 20;

/** Columns as rows. */
export function turned(view: View, cache: TurnCache): View {
  const { rows, columns } = view;
  return {
    rows: columns,
    columns: rows,
    tensors: view.tensors,
    read: async (first, count, into, at) => {
      if (rows * columns <= MOST_TURNED) {
        const values = await turnedWhole(view, cache);
        into.set(values.subarray(first * rows, (first + count) * rows), at);
        return;
      }
      const height = Math.max(1, Math.floor(STRIP / columns));
      const strip = new Float32Array(height * columns);
      for (let row = 0; row < rows; row += height) {
        const high = Math.min(height, rows - row);
        await view.read(row, high, strip, 0);
        for (let i = 0; i < high; i++) {
          for (let j = 0; j < count; j++) into[at + j * rows + row + i] = strip[i * columns + first + j]!;
        }
      }
    },
  };
}

async function turnedWhole(view: View, cache: TurnCache): Promise<Float32Array> {
  if (cache.view === view && cache.values !== undefined) return cache.values;
  const { rows, columns } = view;
  const straight = new Float32Array(rows * columns);
  await view.read(0, rows, straight, 0);
  const values = new Float32Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) values[j * rows + i] = straight[i * columns + j]!;
  }
  cache.view = view;
  cache.values = values;
  return values;
}

/** Each value plus a number. */
export function shifted(view: View, by: number): View {
  const { columns } = view;
  return computed(view, [], async (first, count, into, at) => {
    await view.read(first, count, into, at);
    for (let i = at; i < at + count * columns; i++) into[i] = into[i]! + by;
  });
}

/** The same elements as rows of another length; whole rows of the old are read. */
export function reshaped(view: View, columns: number): View {
  if (columns === view.columns) return view;
  const stored = view.stored?.map(({ tensor, first, rows }) => ({
    tensor,
    first: (first * view.columns) / columns,
    rows: (rows * view.columns) / columns,
  }));
  const fits = stored?.every(({ tensor, first, rows }) => {
    return Number.isInteger(first) && Number.isInteger(rows) && inBlocks(tensor, columns);
  });
  return {
    rows: (view.rows * view.columns) / columns,
    columns,
    tensors: view.tensors,
    ...(stored !== undefined && fits === true ? { stored } : {}),
    read: async (first, count, into, at) => {
      const begin = Math.floor((first * columns) / view.columns);
      const end = Math.ceil(((first + count) * columns) / view.columns);
      const around = new Float32Array((end - begin) * view.columns);
      await view.read(begin, end - begin, around, 0);
      const skip = first * columns - begin * view.columns;
      into.set(around.subarray(skip, skip + count * columns), at);
    },
  };
}

/** Whether rows of so many columns begin and end with a block of the tensor's format. */
function inBlocks({ dtype }: StoredTensor, columns: number): boolean {
  return columns % (formatOf(dtype)?.elements ?? Infinity) === 0;
}

/** A view whose values `read` computes; of the same size as `like`. */
export function computed(like: View, more: readonly View[], read: View['read']): View {
  const { rows, columns } = like;
  return { rows, columns, tensors: allTensors([like, ...more]), read };
}

function allTensors(views: readonly View[]): StoredTensor[] {
  return views.flatMap(({ tensors }) => tensors);
}
