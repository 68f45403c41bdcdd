/** A parameter's rows as operands of products: as files have them where the kernels decode that, by pieces that bound memory. */
import { readSync } from 'node:fs';
import type { Parameter } from '../../core/model/module';
import type { Context } from '../context';
import { RunFailure } from '../failure';
import type { Operand } from '../kernels/kernels';
import { matrix } from '../tensor';
import type { StoredRows } from '../weights/weights';

/** Bytes of weights that are held at a time. */
const STAGE = 32 * 2 ** 20;

/** Bytes that are read between two looks at the clock. */
const READ = 4 * 2 ** 20;

/** Rows [first, first + count) of a parameter. */
export interface Piece {
  readonly first: number;
  readonly count: number;
  readonly operand: Operand;
  /** Whose numbers they are, for messages. */
  readonly of: string;
}

/**
 * Calls `use` with rows [from, to) of a parameter, piece by piece; an operand lasts for its call.
 *
 * @param turned whether rows are the product's inner axis: seeded numbers are then made before it.
 */
export async function withRows(
  parameter: Parameter,
  from: number,
  to: number,
  context: Context,
  use: (piece: Piece) => Promise<void>,
  turned = false,
): Promise<void> {
  const source = context.weights.sourceOf(parameter);
  if (source.type === 'seeded' && typeof source.start !== 'number') {
    const piece = { first: from, count: to - from, of: 'seeded weights' };
    const { rows, columns } = matrix(parameter.shape);
    const kept = await context.kernels.kept(source.start, rows, context.pace);
    if (kept !== undefined) {
      const whole = { data: kept.array, offset: from * columns, stride: columns };
      return use({ ...piece, operand: { type: 'floats', matrix: whole } }).finally(() => kept.release());
    }
    if (!turned) {
      return use({ ...piece, operand: { type: 'seeded', tensor: source.start, row: from, column: 0 } });
    }
  }
  if (source.type !== 'stored') return withFloats(parameter, from, to, context, use);
  let start = 0;
  for (const piece of source.pieces) {
    const first = Math.max(from, start);
    const last = Math.min(to, start + piece.rows);
    if (first < last) {
      if (context.kernels.formats.has(piece.tensor.dtype)) {
        await withStored(piece, start, first, last, context, use);
      } else {
        await withFloats(parameter, first, last, context, use);
      }
    }
    start += piece.rows;
  }
}

/** Rows that become float32 before a product sees them. */
async function withFloats(
  parameter: Parameter,
  from: number,
  to: number,
  context: Context,
  use: (piece: Piece) => Promise<void>,
): Promise<void> {
  const { memory } = context.kernels;
  const { columns } = matrix(parameter.shape);
  const step = Math.max(8, Math.floor(STAGE / (4 * columns)));
  const data = memory.floats(Math.min(step, to - from) * columns);
  try {
    for (let first = from; first < to; first += step) {
      const count = Math.min(step, to - first);
      await readFloats(parameter, first, count, data, context);
      const operand = { type: 'floats', matrix: { data, offset: 0, stride: columns } } as const;
      await use({ first, count, operand, of: 'weights' });
    }
  } finally {
    memory.free(data);
  }
}

/** Rows [first, first + count) as float32; seeded ones are made by all threads. */
export async function readFloats(
  parameter: Parameter,
  first: number,
  count: number,
  into: Float32Array,
  context: Context,
): Promise<void> {
  const source = context.weights.sourceOf(parameter);
  if (source.type === 'seeded' && typeof source.start !== 'number') {
    await context.kernels.seeded(source.start, first, count, into, 0, context.pace);
  } else {
    await context.weights.rows(parameter, first, count, into);
  }
}

/** Rows [from, to) that lie in a file, of a piece whose first row is `start`. */
async function withStored(
  { tensor, columns, place, rows }: StoredRows,
  start: number,
  from: number,
  to: number,
  context: Context,
  use: (piece: Piece) => Promise<void>,
): Promise<void> {
  const { memory } = context.kernels;
  const stride = place.byteLength / rows;
  const step = Math.max(8, Math.floor(STAGE / stride));
  const bytes = memory.bytes(Math.min(step, to - from) * stride);
  const of = `${tensor.file}: tensor "${tensor.name}"`;
  try {
    for (let first = from; first < to; first += step) {
      const count = Math.min(step, to - first);
      const wanted = count * stride;
      for (let done = 0; done < wanted;) {
        const position = place.position + (first - start) * stride + done;
        const got = readSync(place.descriptor, bytes, done, Math.min(READ, wanted - done), position);
        if (got === 0) {
          throw new RunFailure(
            'weights',
            `${of} is cut off: the file has become shorter since it was opened`,
          );
        }
        done += got;
        await context.pace.step();
      }
      const operand = { type: 'stored', bytes, stride, format: tensor.dtype } as const;
      if (stride !== columns * sizeOf(tensor.dtype)) throw new Error(`${of}: rows of ${stride} bytes`);
      await use({ first, count, operand, of });
    }
  } finally {
    memory.free(bytes);
  }
}

/** Bytes of an element, in a format that kernels decode. */
export function sizeOf(format: string): number {
  return format === 'F32' ? 4 : 2;
}
