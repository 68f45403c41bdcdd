/** Classes that other natives are told apart by. */
import { Class, Dict, Instance, type NativeMember, type Value } from '../values';

/** torch.nn.Module. */
export const MODULE = new Class('Module', []);

/** What torch.nn.Buffer makes, until a module takes it. */
export const BUFFER = new Class('Buffer', []);

/** The class that every config of transformers descends from. */
export const CONFIG_NAME = 'PreTrainedConfig';

/** A native class with its members. */
export function nativeClass(
  name: string,
  bases: readonly Class[],
  members: Readonly<Record<string, NativeMember>> = {},
): Class {
  const made = new Class(name, bases);
  for (const [key, member] of Object.entries(members)) made.natives.set(key, member);
  return made;
}

/** Arguments by name, from their positions or their keywords. */
export function taken(
  names: readonly string[],
  args: readonly Value[],
  named: ReadonlyMap<string, Value>,
): Record<string, Value | undefined> {
  const out: Record<string, Value | undefined> = {};
  names.forEach((name, i) => (out[name] = i < args.length ? args[i] : named.get(name)));
  return out;
}

/** A dictionary of texts. */
export function dictOf(values: Readonly<Record<string, Value>>): Dict {
  return new Dict(Object.entries(values));
}

export function instanceOf(cls: Class): Instance {
  return new Instance(cls);
}
