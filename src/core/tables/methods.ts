/** Methods of Python's own types and of tensors. */
import type { Evaluator } from './evaluate';
import { META, tensorAttribute } from './tensors';
import {
  Callable,
  Dict,
  elementsOf,
  equal,
  integer,
  key,
  PySet,
  Refusal,
  Tensor,
  text,
  truth,
  Tuple,
  type Value,
} from './values';

export function methodOf(evaluator: Evaluator, value: Value, name: string): Value | undefined {
  if (value instanceof Tensor) return tensorAttribute(value, name);
  if (value === META && name === 'type') return 'meta';
  if (typeof value === 'string') return bound(evaluator, TEXT, value, name);
  if (Array.isArray(value)) return bound(evaluator, LIST, value, name);
  if (value instanceof Dict) return bound(evaluator, DICT, value, name);
  if (value instanceof PySet) return bound(evaluator, SET, value, name);
  return typeof value === 'number' ? bound(evaluator, NUMBER, value, name) : undefined;
}

function bound<T>(evaluator: Evaluator, methods: Methods<T>, self: T, name: string): Callable | undefined {
  const method = Object.hasOwn(methods, name) ? methods[name]! : undefined;
  return method && new Callable(name, (args, named) => method(self, args, named, evaluator));
}

type Method<T> = (
  self: T,
  args: readonly Value[],
  named: ReadonlyMap<string, Value>,
  evaluator: Evaluator,
) => Value;

type Methods<T> = Readonly<Record<string, Method<T>>>;

const NUMBER: Methods<number> = {
  is_integer: (self) => Number.isInteger(self),
  item: (self) => self,
};

function any(value: Value | undefined, test: (part: string) => boolean): boolean {
  return Array.isArray(value) ? value.some((each) => test(text(each))) : test(text(value));
}

const TEXT: Methods<string> = {
  format: (self, args) => {
    let next = 0;
    return self.replace(/\{[^}]*\}/g, () => text(args[next++] ?? null));
  },
  startswith: (self, [prefix]) => any(prefix, (each) => self.startsWith(each)),
  endswith: (self, [suffix]) => any(suffix, (each) => self.endsWith(each)),
  split: (self, [by, limit]) => {
    const parts = by === undefined || by === null ? self.trim().split(/\s+/) : self.split(text(by));
    if (typeof limit !== 'number' || parts.length <= limit + 1) return parts;
    return [...parts.slice(0, limit), parts.slice(limit).join(text(by))];
  },
  rsplit: (self, [by, limit]) => {
    const parts = self.split(text(by));
    const keep = typeof limit === 'number' ? Math.max(0, parts.length - limit) : 1;
    return keep <= 1 ? parts : [parts.slice(0, keep).join(text(by)), ...parts.slice(keep)];
  },
  join: (self, [parts]) => elementsOf(parts!).map(text).join(self),
  replace: (self, [from, to]) => self.replaceAll(text(from), text(to)),
  lower: (self) => self.toLowerCase(),
  upper: (self) => self.toUpperCase(),
  strip: (self) => self.trim(),
  removesuffix: (self, [end]) =>
    self.endsWith(text(end)) ? self.slice(0, self.length - text(end).length) : self,
  removeprefix: (self, [start]) => (self.startsWith(text(start)) ? self.slice(text(start).length) : self),
  isdigit: (self) => /^\d+$/.test(self),
  count: (self, [part]) => self.split(text(part)).length - 1,
  find: (self, [part]) => self.indexOf(text(part)),
};

const LIST: Methods<Value[]> = {
  append: (self, [value]) => {
    self.push(value!);
    return null;
  },
  extend: (self, [values], _, evaluator) => {
    self.push(...evaluator.iterate(values!));
    return null;
  },
  insert: (self, [at, value]) => {
    self.splice(integer(at, 'an index'), 0, value!);
    return null;
  },
  pop: (self, [at]) => self.splice(at === undefined ? -1 : integer(at, 'an index'), 1)[0] ?? null,
  tolist: (self) => [...self],
  index: (self, [value]) => {
    const at = self.findIndex((each) => equal(each, value!));
    if (at < 0) throw new Refusal('ValueError', `${text(value)} is not in list`);
    return at;
  },
  count: (self, [value]) => self.filter((each) => equal(each, value!)).length,
  copy: (self) => [...self],
  reverse: (self) => {
    self.reverse();
    return null;
  },
  sort: (self) => {
    self.sort((a, b) => (a! < b! ? -1 : a! > b! ? 1 : 0));
    return null;
  },
  remove: (self, [value]) => {
    const at = self.findIndex((each) => equal(each, value!));
    if (at >= 0) self.splice(at, 1);
    return null;
  },
};

const DICT: Methods<Dict> = {
  get: ({ map }, [name, fallback]) => (map.has(key(name!)) ? map.get(key(name!))! : (fallback ?? null)),
  keys: ({ map }) => [...map.keys()],
  values: ({ map }) => [...map.values()],
  items: ({ map }) => [...map].map(([name, value]) => Tuple.with(name, value)),
  pop: ({ map }, [name, fallback]) => {
    const found = map.get(key(name!));
    if (found === undefined && fallback === undefined) throw new Refusal('KeyError', text(name));
    map.delete(key(name!));
    return found === undefined ? fallback! : found;
  },
  setdefault: ({ map }, [name, fallback]) => {
    if (!map.has(key(name!))) map.set(key(name!), fallback ?? null);
    return map.get(key(name!))!;
  },
  update: ({ map }, [other], named) => {
    if (other instanceof Dict) for (const [name, value] of other.map) map.set(name, value);
    for (const [name, value] of named) map.set(name, value);
    return null;
  },
  copy: ({ map, origin }) => {
    const copy = new Dict(map);
    if (origin !== undefined) copy.origin = origin;
    return copy;
  },
};

const SET: Methods<PySet> = {
  add: ({ set }, [value]) => {
    set.add(value!);
    return null;
  },
  difference_update: ({ set }, [other]) => {
    for (const each of elementsOf(other!)) set.delete(each);
    return null;
  },
  issubset: ({ set }, [other]) => [...set].every((each) => elementsOf(other!).includes(each)),
  union: ({ set }, [other]) => new PySet(new Set([...set, ...elementsOf(other!)])),
  difference: ({ set }, [other]) =>
    new PySet(new Set([...set].filter((each) => !elementsOf(other!).includes(each)))),
  update: ({ set }, [other]) => {
    for (const each of elementsOf(other!)) set.add(each);
    return null;
  },
  discard: ({ set }, [value]) => {
    set.delete(value!);
    return null;
  },
};

/** Python's bool() of an optional argument. */
export function flag(value: Value | undefined, fallback: boolean): boolean {
  return value === undefined ? fallback : truth(value);
}
