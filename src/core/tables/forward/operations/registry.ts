/** Operations by their names: as methods of tensors, and as functions of torch. */
import type { Value } from '../../values';
import type { Context, Given } from '../arguments';

export type Operation = (context: Context, given: Given) => Value;

const methods = new Map<string, Operation>();
const functions = new Map<string, Operation>();

/** Says what methods do, each also a function of torch with the tensor as its first argument. */
export function method(names: string, run: Operation): void {
  for (const name of names.split(' ')) methods.set(name, run);
}

/** Says what functions do; with `F.` before the name those of torch.nn.functional. */
export function named(names: string, run: Operation): void {
  for (const name of names.split(' ')) functions.set(name, run);
}

/** An operation by its name as a method. */
export function operationOf(name: string): Operation | undefined {
  return methods.get(name);
}

/** A function by its dotted name; undefined where it is not known. */
export function functionOf(path: string): Operation | undefined {
  const name = path.slice(path.lastIndexOf('.') + 1);
  if (!FUNCTIONS.test(path)) return functions.get(path);
  // A function of nn.functional may share its name with another of tensors: unfold, normalize.
  const own = path.startsWith('torch.nn.functional') ? functions.get(`F.${name}`) : undefined;
  return own ?? functions.get(name) ?? methods.get(name);
}

const FUNCTIONS = /^torch(\.nn\.functional|\.fft|\.special|\.linalg|\._C\._nn)?\.\w+$/;
