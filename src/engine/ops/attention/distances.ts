/** Scores of a query or a key with a vector that stands for the distance between both. */
import type { Context } from '../../context';
import type { Heads, Matrix } from '../../kernels/kernels';
import { tiledMatmul } from '../linear';

/** Queries and keys whose products with distances are computed together: a square of them has few distances. */
const SIDE = 64;

export interface Distances {
  /** Vectors of the distances, heads side by side. */
  readonly table: Heads;
  /** Row of the table for key − query + queries − 1, [queries + keys − 1]; it never turns round. */
  readonly rows: Int32Array;
}

export interface DistanceScores {
  readonly queries: number;
  readonly keys: number;
  readonly headDim: number;
  readonly scale: number;
  /** Each query's with distances (content to position). */
  readonly query?: { readonly vectors: Heads; readonly distances: Distances };
  /** Each key's with distances (position to content). */
  readonly key?: { readonly vectors: Heads; readonly distances: Distances };
}

/** Adds the scores of queries [first, first + count) with all keys to `into`. */
export async function addDistanceScores(
  scores: DistanceScores,
  head: number,
  first: number,
  count: number,
  into: Matrix,
  context: Context,
): Promise<void> {
  const { keys, query, key } = scores;
  const { data: products } = context.zeros(SIDE, 2 * SIDE);
  for (let i = 0; i < count; i += SIDE) {
    const rows = Math.min(SIDE, count - i);
    for (let j = 0; j < keys; j += SIDE) {
      const square = { query: first + i, rows, key: j, columns: Math.min(SIDE, keys - j) };
      const at = { ...into, offset: into.offset + i * into.stride + j };
      if (query !== undefined) await addSquare(scores, 'query', query, head, square, products, at, context);
      if (key !== undefined) await addSquare(scores, 'key', key, head, square, products, at, context);
    }
  }
}

/** Queries [query, query + rows) and keys [key, key + columns). */
interface Square {
  readonly query: number;
  readonly rows: number;
  readonly key: number;
  readonly columns: number;
}

async function addSquare(
  { queries, headDim, scale }: DistanceScores,
  of: 'query' | 'key',
  { vectors, distances }: NonNullable<DistanceScores['query']>,
  head: number,
  { query, rows, key, columns }: Square,
  products: Float32Array,
  into: Matrix,
  context: Context,
): Promise<void> {
  const { table, rows: rowOf } = distances;
  // From the last query and the first key on, to the first query and the last key.
  const nearest = key - query - rows + queries;
  const ends = [rowOf[nearest]!, rowOf[nearest + rows + columns - 2]!] as const;
  const least = Math.min(...ends);
  const width = Math.max(...ends) - least + 1;
  const [from, length] = of === 'query' ? [query, rows] : [key, columns];
  products.fill(0, 0, length * width);
  await tiledMatmul(
    context,
    length,
    width,
    headDim,
    { ...vectors, offset: vectors.offset + from * vectors.stride + head * vectors.step },
    { ...table, offset: table.offset + least * table.stride + head * table.step },
    { data: products, offset: 0, stride: width },
    scale,
  );
  for (let i = 0; i < rows; i++) {
    const at = into.offset + i * into.stride;
    for (let j = 0; j < columns; j++) {
      const row = of === 'query' ? i : j;
      into.data[at + j]! += products[row * width + rowOf[nearest + rows - 1 - i + j]! - least]!;
    }
  }
}
