/** Modules that hold others. */
import { isModule } from '../../attributes';
import type { Evaluator } from '../../evaluate';
import {
  Dict,
  Instance,
  integer,
  Refusal,
  Slice,
  Tensor,
  text,
  Tuple,
  Unknowable,
  type NativeMember,
  type Value,
} from '../../values';
import { MODULE, nativeClass } from '../classes';

/** Modules that hold others. */
export function containers(evaluator: () => Evaluator): Map<string, Value> {
  const append = (self: Instance, value: Value | undefined) => {
    if (isModule(value)) self.children.set(`${self.children.size}`, value);
    else if (value instanceof Tensor) self.parameters.set(`${self.parameters.size}`, value);
    else if (value !== undefined && value !== null)
      throw new Unknowable('a list of modules holds a computed value');
  };
  const extend: NativeMember = (self, [values]) => {
    for (const each of values === undefined || values === null ? [] : evaluator().iterate(values))
      append(self, each);
    return self;
  };
  const all = (self: Instance): Value[] => [...self.children.values(), ...self.parameters.values()];
  const listed: Record<string, NativeMember> = {
    __iter__: all,
    __len__: (self) => self.children.size + self.parameters.size,
    __getitem__: (self, [index]) => {
      if (index instanceof Slice) {
        const part = new Instance(self.of);
        for (const each of evaluator().item(all(self), index) as Value[]) append(part, each);
        return part;
      }
      if (typeof index === 'string') return self.children.get(index) ?? null;
      return evaluator().item(all(self), index!);
    },
    __setitem__: (self, [index, value]) => {
      const at = integer(index, 'an index');
      const name = text(at < 0 ? self.children.size + at : at);
      if (isModule(value)) self.children.set(name, value);
      return null;
    },
    append: (self, [value]) => {
      append(self, value);
      return self;
    },
    extend,
    insert: (self, [at, value]) => {
      const children = [...self.children.values()];
      children.splice(integer(at, 'an index'), 0, value as Instance);
      self.children.clear();
      for (const each of children) append(self, each);
      return null;
    },
    pop: (self, [at]) => {
      const children = [...self.children.values()];
      const [removed] = children.splice(at === undefined ? -1 : integer(at, 'an index'), 1);
      self.children.clear();
      for (const each of children) append(self, each);
      return removed ?? null;
    },
  };
  const sequence: NativeMember = (self, args) => {
    const [first] = args;
    if (first instanceof Dict)
      for (const [key, value] of first.map) self.children.set(text(key), value as Instance);
    else for (const each of args) append(self, each);
    return null;
  };
  const named = (self: Instance) => (self.children.size > 0 ? self.children : self.parameters);
  const keyed: Record<string, NativeMember> = {
    __init__: (self, [values]) => {
      if (values instanceof Dict) {
        for (const [key, value] of values.map) {
          if (isModule(value)) self.children.set(text(key), value);
          else if (value instanceof Tensor) self.parameters.set(text(key), value);
        }
      }
      return null;
    },
    __getitem__: (self, [key]) => {
      const value = named(self).get(text(key));
      if (value === undefined) throw new Refusal('KeyError', text(key));
      return value;
    },
    __setitem__: (self, [key, value]) => {
      if (isModule(value)) self.children.set(text(key), value);
      else if (value instanceof Tensor) self.parameters.set(text(key), value);
      return null;
    },
    __len__: (self) => named(self).size,
    __iter__: (self) => [...named(self).keys()],
    keys: (self) => [...named(self).keys()],
    values: (self) => [...named(self).values()],
    items: (self) => [...named(self)].map(([key, value]) => Tuple.with(key, value)),
    update: (self, [values]) => {
      if (values instanceof Dict)
        for (const [key, value] of values.map) if (isModule(value)) self.children.set(text(key), value);
      return null;
    },
  };
  const initialise: NativeMember = (self, args, given) =>
    extend(self, [args[0] ?? given.get('modules') ?? given.get('values') ?? null], given);
  return new Map<string, Value>([
    [
      'torch.nn.ModuleList',
      nativeClass('ModuleList', [MODULE], {
        ...listed,
        __init__: (self, args, given) => (initialise(self, args, given), null),
      }),
    ],
    [
      'torch.nn.ParameterList',
      nativeClass('ParameterList', [MODULE], {
        ...listed,
        __init__: (self, args, given) => (initialise(self, args, given), null),
      }),
    ],
    ['torch.nn.Sequential', nativeClass('Sequential', [MODULE], { ...listed, __init__: sequence })],
    ['torch.nn.ModuleDict', nativeClass('ModuleDict', [MODULE], keyed)],
    ['torch.nn.ParameterDict', nativeClass('ParameterDict', [MODULE], keyed)],
  ]);
}
