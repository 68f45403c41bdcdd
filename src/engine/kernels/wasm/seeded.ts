/** Seeded weights as jobs: the generator's table in the engine's memory, and descriptions of tensors. */
import { quantileTable, type SeededTensor } from '../../weights/seeded';
import type { Heap } from './heap';
import { SEEDED, type Job } from './job';
import type { Staging } from './staging';

/** Tables that are kept: a model has one deviation, or two. */
const MOST_TABLES = 4;

/** Elements of a chunk. */
const CHUNK = 1 << 19;

export class SeededTables {
  /** By deviation, the one that was used last at the end. */
  private readonly tables = new Map<number, Float32Array>();

  constructor(private readonly heap: Heap) {}

  /** Writes what kernels must know of a tensor, for the time of a job, and returns where. */
  describe({ a, b, deviation }: SeededTensor, staging: Staging): number {
    const words = staging.room(3);
    const description = new Int32Array(words.buffer, words.byteOffset, 3);
    description.set([a, b, this.table(deviation).byteOffset]);
    return words.byteOffset;
  }

  /** Quantiles times the deviation, rounded as the generator rounds each number. */
  private table(deviation: number): Float32Array {
    const known = this.tables.get(deviation);
    const table = known ?? this.made(deviation);
    this.tables.delete(deviation);
    this.tables.set(deviation, table);
    return table;
  }

  private made(deviation: number): Float32Array {
    for (const [oldest, table] of this.tables) {
      if (this.tables.size < MOST_TABLES) break;
      this.tables.delete(oldest);
      this.heap.free(table);
    }
    const quantiles = quantileTable();
    const table = this.heap.floats(quantiles.length);
    for (let i = 0; i < table.length; i++) table[i] = deviation * quantiles[i]!;
    return table;
  }
}

/** Rows [first, first + count) of a tensor into `out`. */
export function seededJob(
  tensor: SeededTensor,
  first: number,
  count: number,
  out: number,
  staging: Staging,
  tables: SeededTables,
): Job {
  const rows = Math.max(1, Math.floor(CHUNK / tensor.columns));
  return {
    kind: SEEDED,
    chunks: Math.ceil(count / rows),
    words: [tables.describe(tensor, staging), out, first, count, tensor.columns, rows],
  };
}
