/** What a panel gets of a layer's maps: thumbnails in bytes, and exact values of a head. */
import type { HeadMap, LayerThumbnails } from '../protocol/run';
import type { DoneLayer } from './layers';
import { visibleSpans } from './ops/attention/mask';
import type { Pace } from './pace';

export type Pooling = 'max' | 'mean';

/** Byte of a cell that no query of its pool may see. */
const MASKED = 255;

/** Rows and columns that a thumbnail may have. */
const LARGEST_THUMBNAIL = 1024;

/** Heads of a layer, pooled to thumbnails one after the other. */
export class Thumbnails {
  private readonly rows: number;
  private readonly columns: number;
  /** [heads, rows, columns]; NaN where no query of the pool may see a key. */
  private readonly pooled: Float32Array;
  private maximum = 0;

  constructor(
    private readonly layer: DoneLayer,
    size: number,
    private readonly pooling: Pooling,
  ) {
    const largest = Math.min(LARGEST_THUMBNAIL, Math.max(1, Math.floor(size) || 1));
    this.rows = Math.min(layer.queries, largest);
    this.columns = Math.min(layer.keys, largest);
    this.pooled = new Float32Array(layer.heads * this.rows * this.columns).fill(NaN);
  }

  /** @param maps of heads from `first` on, [heads, queries, keys]. */
  async add(first: number, maps: Float32Array, pace: Pace): Promise<void> {
    const { queries, keys } = this.layer;
    const seen = this.pooling === 'mean' ? new Uint32Array(this.rows * this.columns) : undefined;
    for (let head = 0; head < maps.length / (queries * keys); head++) {
      seen?.fill(0);
      for (let query = 0; query < queries; query++) {
        this.poolRow(first + head, query, maps, (head * queries + query) * keys, seen);
        if (query % 64 === 0) await pace.step();
      }
      if (seen !== undefined) this.divide(first + head, seen);
    }
  }

  bytes(run: number, layer: number): LayerThumbnails {
    const { pooled, maximum, rows, columns } = this;
    const bytes = new Uint8Array(pooled.length);
    for (let i = 0; i < pooled.length; i++) {
      const value = pooled[i]!;
      bytes[i] = Number.isNaN(value) ? MASKED : maximum === 0 ? 0 : Math.round((value / maximum) * 254);
    }
    return { run, layer, heads: this.layer.heads, rows, columns, bytes: bytes.buffer, maximum };
  }

  private poolRow(
    head: number,
    query: number,
    maps: Float32Array,
    at: number,
    seen: Uint32Array | undefined,
  ): void {
    const { pooled, rows, columns, layer } = this;
    const { attention, queries, keys } = layer;
    const row = Math.floor((query * rows) / queries);
    const cells = (head * rows + row) * columns;
    for (const [from, to] of visibleSpans(attention, query, queries, keys)) {
      for (let key = from; key < to; key++) {
        const value = maps[at + key]!;
        const column = Math.floor((key * columns) / keys);
        const before = pooled[cells + column]!;
        if (value > this.maximum) this.maximum = value;
        if (seen !== undefined) {
          seen[row * columns + column]!++;
          pooled[cells + column] = Number.isNaN(before) ? value : before + value;
        } else if (!(before >= value)) {
          pooled[cells + column] = value;
        }
      }
    }
  }

  /** Sums become averages of the cells that are seen. */
  private divide(head: number, seen: Uint32Array): void {
    const own = this.pooled.subarray(head * seen.length, (head + 1) * seen.length);
    for (let i = 0; i < seen.length; i++) if (seen[i]! > 0) own[i] = own[i]! / seen[i]!;
  }
}

/** @param values of queries [first, …), [queries, keys]; copied, since kept maps are only lent. */
export function headMap(
  place: { readonly run: number; readonly layer: number; readonly head: number; readonly first: number },
  { attention, queries: length, keys }: DoneLayer,
  values: Float32Array,
): HeadMap {
  const own = values.slice();
  const queries = own.length / keys;
  for (let row = 0; row < queries; row++) {
    let hidden = 0;
    for (const [from, to] of visibleSpans(attention, place.first + row, length, keys)) {
      own.fill(NaN, row * keys + hidden, row * keys + from);
      hidden = to;
    }
    own.fill(NaN, row * keys + hidden, (row + 1) * keys);
  }
  return { ...place, queries, keys, values: own.buffer };
}
