/**
 * Values on their way through a model. The engine runs one sequence at a time: shapes leave out the batch axis, so
 * that a sequence of vectors is [length, width], and an image [channels, height, width].
 */
import { RunFailure } from './failure';

export type Shape = readonly number[];

export interface Tensor {
  readonly shape: Shape;
  readonly data: Float32Array;
}

/** Token ids, segment ids or positions: [length]. */
export interface Ids {
  readonly shape: Shape;
  readonly ids: Int32Array;
}

export type Value = Tensor | Ids;

/** Elements that one value may have: 1 GiB in float32. */
export const LARGEST_VALUE = 2 ** 28;

/** A tensor of zeros; rejects as `memory` what no machine should be asked for. */
export function zeros(...shape: number[]): Tensor {
  const size = product(shape);
  if (!(size <= LARGEST_VALUE)) throw tooLarge(shape);
  try {
    return { shape, data: new Float32Array(size) };
  } catch {
    throw tooLarge(shape);
  }
}

export function tooLarge(shape: Shape): RunFailure {
  return new RunFailure('memory', `a value of [${shape.join(', ')}] is too large; use a shorter input`);
}

export function ids(values: Iterable<number>): Ids {
  const list = Int32Array.from(values);
  return { shape: [list.length], ids: list };
}

export function product(shape: Shape): number {
  let size = 1;
  for (const length of shape) size *= length;
  return size;
}

/** A tensor seen as a matrix of its last axis. */
export function matrix(x: Shape): { readonly rows: number; readonly columns: number } {
  const columns = x.at(-1) ?? 1;
  return { rows: columns === 0 ? 0 : product(x) / columns, columns };
}

/** The value as a tensor; a blueprint that wires ids into arithmetic is wrong. */
export function tensor(value: Value | undefined): Tensor {
  if (value === undefined || !('data' in value)) throw new Error('a tensor is expected here');
  return value;
}

export function idsOf(value: Value | undefined): Ids {
  if (value === undefined || !('ids' in value)) throw new Error('ids are expected here');
  return value;
}
