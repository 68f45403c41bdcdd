/** Outputs of models. */
import { nativeClass } from '../natives/classes';
import { fieldsOf } from '../natives/fields';
import type { Instance } from '../values';
import { Dict, Refusal, Slice, text, Tuple, type Class } from '../values';
import type { Context } from './arguments';

/** Outputs of models: fields that are not None, by name or in their order. */
export function outputClass(context: () => Context): Class {
  const present = (self: Instance) => [...self.attributes].filter(([, value]) => value !== null);
  return nativeClass('ModelOutput', [], {
    __init__: (self, args, named) => {
      const fields = [...fieldsOf(self.of).keys()];
      fields.forEach((name, i) => self.attributes.set(name, args[i] ?? named.get(name) ?? null));
      for (const [name, value] of named) self.attributes.set(name, value);
      return null;
    },
    __getitem__: (self, [index]) => {
      if (typeof index === 'string') {
        const found = self.attributes.get(index);
        if (found === undefined || found === null) throw new Refusal('KeyError', index);
        return found;
      }
      return context().evaluator.item(
        Tuple.with(...present(self).map(([, value]) => value)),
        index instanceof Slice ? index : (index ?? 0),
      );
    },
    __setitem__: (self, [name, value]) => {
      self.attributes.set(text(name ?? null), value ?? null);
      return null;
    },
    __contains__: (self, [name]) => present(self).some(([key]) => key === name),
    __iter__: (self) => present(self).map(([key]) => key),
    __len__: (self) => present(self).length,
    keys: (self) => present(self).map(([key]) => key),
    values: (self) => present(self).map(([, value]) => value),
    items: (self) => present(self).map(([key, value]) => Tuple.with(key, value)),
    get: (self, [name, fallback]) => self.attributes.get(text(name ?? null)) ?? fallback ?? null,
    to_tuple: (self) => Tuple.with(...present(self).map(([, value]) => value)),
    pop: (self, [name, fallback]) => {
      const found = self.attributes.get(text(name ?? null));
      self.attributes.delete(text(name ?? null));
      return found ?? fallback ?? null;
    },
    update: (self, [values]) => {
      if (values instanceof Dict)
        for (const [name, value] of values.map) self.attributes.set(text(name ?? null), value);
      return null;
    },
  });
}
