/** Checks of sizes, and tensors put into modules. */
import type { Instance } from '../../values';
import { integer, Refusal, Tensor, type Value } from '../../values';

const MAX_DIMENSION = 2 ** 40;

export type Arguments = Record<string, Value | undefined>;

export function dimension(value: Value | undefined, what: string): number {
  const size = integer(value, what);
  if (size < 0 || size > MAX_DIMENSION) throw new Refusal('RuntimeError', `${what} can't be ${size}`);
  return size;
}

export function parameter(module: Instance, name: string, ...shape: number[]): void {
  const tensor = new Tensor(shape);
  tensor.parameter = true;
  module.parameters.set(name, tensor);
}

export function buffer(module: Instance, name: string, ...shape: number[]): void {
  module.buffers.set(name, { tensor: new Tensor(shape), persistent: true });
}

/** A size for each of `axes` axes, from one number or a list. */
export function perAxis(value: Value | undefined, axes: number, fallback: number): number[] {
  if (value === undefined) return Array.from({ length: axes }, () => fallback);
  if (typeof value === 'string') return Array.from({ length: axes }, () => 0);
  if (Array.isArray(value)) return value.map((each) => integer(each, 'a kernel'));
  return Array.from({ length: axes }, () => integer(value, 'a kernel'));
}
