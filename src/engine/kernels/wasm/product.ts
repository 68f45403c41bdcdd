/** Matrix products as jobs. */
import type { Operand, ProductTask } from '../kernels';
import { PRODUCT, Single, type Job } from './job';
import type { SeededTables } from './seeded';
import type { Staging } from './staging';

/** Numbers of formats in assembly/pack.as. */
const FORMATS: Readonly<Record<string, number>> = { F32: 0, F16: 1, BF16: 2 };
const SEEDED_FORMAT = 3;

/** Formats that products decode. */
export const PRODUCT_FORMATS: ReadonlySet<string> = new Set(Object.keys(FORMATS));

/** Multiply–accumulates of a chunk: some five milliseconds. */
const WORK = 120e6;

/** Chunks a thread, so that none waits long for the last. */
const SHARE = 4;

export function productJob(task: ProductTask, staging: Staging, tables: SeededTables, threads: number): Job {
  const { m, n, k, a, c, turned = false, bias } = task;
  const b = operand(task, staging, tables);
  const { rows, columns } = chunkOf(m, n, k, threads);
  return {
    kind: PRODUCT,
    chunks: Math.ceil(m / rows) * Math.ceil(n / columns),
    words: [
      ...[m, n, k],
      ...[staging.matrix(a, m, k), a.stride],
      ...[b.address, b.stride, b.format, turned ? 1 : 0],
      ...[staging.matrix(c, m, n, true), c.stride],
      bias === undefined ? 0 : staging.input(bias),
      new Single(task.scale ?? 1),
      task.accumulate ? 1 : 0,
      ...[rows, columns],
      ...[b.row, b.column],
    ],
  };
}

interface Placed {
  readonly address: number;
  /** Bytes. */
  readonly stride: number;
  readonly format: number;
  readonly row: number;
  readonly column: number;
}

function operand({ b, n, k, turned }: ProductTask, staging: Staging, tables: SeededTables): Placed {
  const nothing = { row: 0, column: 0 };
  switch (b.type) {
    case 'floats': {
      const address = turned ? staging.matrix(b.matrix, k, n) : staging.matrix(b.matrix, n, k);
      return { ...nothing, address, stride: 4 * b.matrix.stride, format: 0 };
    }
    case 'stored':
      return { ...nothing, address: staging.input(b.bytes), stride: b.stride, format: formatOf(b) };
    case 'seeded':
      return {
        address: tables.describe(b.tensor, staging),
        stride: 0,
        format: SEEDED_FORMAT,
        row: b.row,
        column: b.column,
      };
  }
}

function formatOf({ format }: Extract<Operand, { type: 'stored' }>): number {
  const number = FORMATS[format];
  if (number === undefined) throw new Error(`${format} is not decoded here`);
  return number;
}

/**
 * Rows and columns of C that a chunk makes. Packing costs per column, copying A's rows per row, so that neither may be
 * small; together they bound the time.
 */
function chunkOf(m: number, n: number, k: number, threads: number): { rows: number; columns: number } {
  const high = k > 4096 ? 256 : 512;
  const rows = 4 * Math.ceil(m / Math.ceil(m / high) / 4);
  const share = (n * Math.ceil(m / rows)) / (SHARE * threads);
  const columns = Math.min(WORK / (rows * k), Math.max(share, 16), 128);
  return { rows, columns: Math.max(8, 8 * Math.round(columns / 8)) };
}
