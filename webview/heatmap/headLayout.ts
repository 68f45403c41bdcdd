/** Where a head's picture has its gutters and cells, in CSS pixels of the scrolled area. */
import type { Size } from '../shared/pixels';
import type { Cell } from './reading';

export interface HeadLayout {
  /** Room for the queries' tokens on the left and the keys' on top; both stay in sight. */
  readonly left: number;
  readonly top: number;
  /** Side of a cell. */
  readonly cell: number;
  readonly queries: number;
  readonly keys: number;
}

export const cellSizes = [2, 3, 4, 6, 8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 56] as const;

/** The side with which all cells fit `size`, or the smallest that can still be told apart. */
export function fittingCell(size: Size, left: number, top: number, queries: number, keys: number): number {
  const fit = Math.floor(Math.min((size.width - left - 4) / keys, (size.height - top - 4) / queries));
  return Math.min(32, Math.max(cellSizes[0], fit));
}

/** The next larger (1) or smaller (−1) side. */
export function zoomed(cell: number, direction: 1 | -1): number {
  return direction === 1
    ? (cellSizes.find((size) => size > cell) ?? cellSizes[cellSizes.length - 1]!)
    : (cellSizes.findLast((size) => size < cell) ?? cellSizes[0]);
}

/** What is under a point of the canvas: a cell, a token in a gutter, or nothing. */
export type Hit =
  | ({ readonly type: 'cell' } & Cell)
  | { readonly type: 'query'; readonly query: number }
  | { readonly type: 'key'; readonly key: number };

export function hitOf(
  layout: HeadLayout,
  point: { readonly x: number; readonly y: number },
  scroll: { readonly left: number; readonly top: number },
): Hit | undefined {
  const key = Math.floor((point.x - layout.left + scroll.left) / layout.cell);
  const query = Math.floor((point.y - layout.top + scroll.top) / layout.cell);
  const onKeys = point.x >= layout.left && key < layout.keys;
  const onQueries = point.y >= layout.top && query < layout.queries;
  if (onKeys && onQueries) return { type: 'cell', query, key };
  if (onKeys && point.y < layout.top) return { type: 'key', key };
  if (onQueries && point.x < layout.left) return { type: 'query', query };
  return undefined;
}
