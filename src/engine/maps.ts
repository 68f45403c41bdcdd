/** What a panel gets of a layer's maps: thumbnails in bytes, and one head's exact values. */
import type { Attention } from '../core/model/module';
import type { HeadMap, LayerThumbnails } from '../protocol/run';
import { visibleKeys } from './ops/attention/mask';
import type { Pace } from './pace';

/** Attention of a layer that is done. */
export interface LayerMaps {
  readonly attention: Attention;
  readonly queries: number;
  readonly keys: number;
  /** [heads, queries, keys], 0 where masked. */
  readonly values: Float32Array;
  /** The largest probability. */
  readonly maximum: number;
}

/** Byte of a cell that no query of its pool may see. */
const MASKED = 255;

/** Rows and columns that a thumbnail may have. */
const LARGEST_THUMBNAIL = 1024;

export async function thumbnails(
  run: number,
  layer: number,
  maps: LayerMaps,
  size: number,
  pace: Pace,
): Promise<LayerThumbnails> {
  const { attention, queries, keys, maximum } = maps;
  const largest = Math.min(LARGEST_THUMBNAIL, Math.max(1, Math.floor(size) || 1));
  const rows = Math.min(queries, largest);
  const columns = Math.min(keys, largest);
  const bytes = new Uint8Array(attention.heads * rows * columns).fill(MASKED);
  for (let head = 0; head < attention.heads; head++) {
    for (let query = 0; query < queries; query++) {
      const at = (head * rows + Math.floor((query * rows) / queries)) * columns;
      poolRow(maps, head, query, columns, bytes, at);
      if (query % 64 === 0) await pace.step();
    }
  }
  return { run, layer, heads: attention.heads, rows, columns, bytes: bytes.buffer, maximum };
}

/** Puts the largest of each pool's visible cells into `bytes`. */
function poolRow(
  maps: LayerMaps,
  head: number,
  query: number,
  columns: number,
  bytes: Uint8Array,
  at: number,
): void {
  const { attention, queries, keys, values, maximum } = maps;
  const start = (head * queries + query) * keys;
  const [from, to] = visibleKeys(attention.mask, query, keys);
  for (let key = from; key < to; key++) {
    const level = maximum === 0 ? 0 : Math.round((values[start + key]! / maximum) * 254);
    const cell = at + Math.floor((key * columns) / keys);
    const before = bytes[cell]!;
    if (before === MASKED || level > before) bytes[cell] = level;
  }
}

export function headMap(run: number, layer: number, head: number, maps: LayerMaps): HeadMap {
  const { attention, queries, keys } = maps;
  const values = maps.values.slice(head * queries * keys, (head + 1) * queries * keys);
  for (let query = 0; query < queries; query++) {
    const [from, to] = visibleKeys(attention.mask, query, keys);
    values.fill(NaN, query * keys, query * keys + from);
    values.fill(NaN, query * keys + to, (query + 1) * keys);
  }
  return { run, layer, head, queries, keys, values: values.buffer };
}

export function largestOf(values: Float32Array): number {
  let largest = 0;
  for (let i = 0; i < values.length; i++) if (values[i]! > largest) largest = values[i]!;
  return largest;
}
