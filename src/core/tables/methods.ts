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
  type Native,
  type Value,
} from './values';

export function methodOf(evaluator: Evaluator, value: Value, name: string): Value | undefined {
  if (value instanceof Tensor) return tensorAttribute(value, name);
  if (value === META && name === 'type') return 'meta';
  const methods = methodsOf(evaluator, value);
  const native = methods !== undefined && Object.hasOwn(methods, name) ? methods[name] : undefined;
  return native === undefined ? undefined : new Callable(name, native);
}

type Methods = Readonly<Record<string, Native>>;

function methodsOf(evaluator: Evaluator, value: Value): Methods | undefined {
  if (typeof value === 'string') return textMethods(value);
  if (Array.isArray(value)) return listMethods(evaluator, value);
  if (value instanceof Dict) return dictMethods(value);
  if (value instanceof PySet) return setMethods(value);
  if (typeof value === 'number') return { is_integer: () => Number.isInteger(value), item: () => value };
  return undefined;
}

function textMethods(self: string): Methods {
  const any = (value: Value | undefined, test: (part: string) => boolean) =>
    Array.isArray(value) ? value.some((each) => test(text(each))) : test(text(value));
  return {
    format: (args) => {
      let next = 0;
      return self.replace(/\{[^}]*\}/g, () => text(args[next++] ?? null));
    },
    startswith: ([prefix]) => any(prefix, (each) => self.startsWith(each)),
    endswith: ([suffix]) => any(suffix, (each) => self.endsWith(each)),
    split: ([by, limit]) => {
      const parts = by === undefined || by === null ? self.trim().split(/\s+/) : self.split(text(by));
      if (typeof limit !== 'number' || parts.length <= limit + 1) return parts;
      return [...parts.slice(0, limit), parts.slice(limit).join(text(by))];
    },
    rsplit: ([by, limit]) => {
      const parts = self.split(text(by));
      const keep = typeof limit === 'number' ? Math.max(0, parts.length - limit) : 1;
      return keep <= 1 ? parts : [parts.slice(0, keep).join(text(by)), ...parts.slice(keep)];
    },
    join: ([parts]) => elementsOf(parts!).map(text).join(self),
    replace: ([from, to]) => self.replaceAll(text(from), text(to)),
    lower: () => self.toLowerCase(),
    upper: () => self.toUpperCase(),
    strip: () => self.trim(),
    removesuffix: ([end]) =>
      self.endsWith(text(end)) ? self.slice(0, self.length - text(end).length) : self,
    removeprefix: ([start]) => (self.startsWith(text(start)) ? self.slice(text(start).length) : self),
    isdigit: () => /^\d+$/.test(self),
    count: ([part]) => self.split(text(part)).length - 1,
    find: ([part]) => self.indexOf(text(part)),
  };
}

function listMethods(evaluator: Evaluator, self: Value[]): Methods {
  const insert = (at: number, value: Value) => void self.splice(at, 0, value);
  return {
    append: ([value]) => {
      self.push(value!);
      return null;
    },
    extend: ([values]) => {
      self.push(...evaluator.iterate(values!));
      return null;
    },
    insert: ([at, value]) => {
      insert(integer(at, 'an index'), value!);
      return null;
    },
    pop: ([at]) => self.splice(at === undefined ? -1 : integer(at, 'an index'), 1)[0] ?? null,
    tolist: () => [...self],
    index: ([value]) => {
      const at = self.findIndex((each) => equal(each, value!));
      if (at < 0) throw new Refusal('ValueError', `${text(value)} is not in list`);
      return at;
    },
    count: ([value]) => self.filter((each) => equal(each, value!)).length,
    copy: () => [...self],
    reverse: () => {
      self.reverse();
      return null;
    },
    sort: () => {
      self.sort((a, b) => (a! < b! ? -1 : a! > b! ? 1 : 0));
      return null;
    },
    remove: ([value]) => {
      const at = self.findIndex((each) => equal(each, value!));
      if (at >= 0) self.splice(at, 1);
      return null;
    },
  };
}

function dictMethods(self: Dict): Methods {
  const { map } = self;
  return {
    get: ([name, fallback]) => (map.has(key(name!)) ? map.get(key(name!))! : (fallback ?? null)),
    keys: () => [...map.keys()],
    values: () => [...map.values()],
    items: () => [...map].map(([name, value]) => Tuple.with(name, value)),
    pop: ([name, fallback]) => {
      const found = map.get(key(name!));
      if (found === undefined && fallback === undefined) throw new Refusal('KeyError', text(name));
      map.delete(key(name!));
      return found === undefined ? fallback! : found;
    },
    setdefault: ([name, fallback]) => {
      if (!map.has(key(name!))) map.set(key(name!), fallback ?? null);
      return map.get(key(name!))!;
    },
    update: ([other], named) => {
      if (other instanceof Dict) for (const [name, value] of other.map) map.set(name, value);
      for (const [name, value] of named) map.set(name, value);
      return null;
    },
    copy: () => {
      const copy = new Dict(map);
      if (self.origin !== undefined) copy.origin = self.origin;
      return copy;
    },
  };
}

function setMethods({ set }: PySet): Methods {
  return {
    add: ([value]) => {
      set.add(value!);
      return null;
    },
    difference_update: ([other]) => {
      for (const each of elementsOf(other!)) set.delete(each);
      return null;
    },
    issubset: ([other]) => [...set].every((each) => elementsOf(other!).includes(each)),
    union: ([other]) => new PySet(new Set([...set, ...elementsOf(other!)])),
    difference: ([other]) =>
      new PySet(new Set([...set].filter((each) => !elementsOf(other!).includes(each)))),
    update: ([other]) => {
      for (const each of elementsOf(other!)) set.add(each);
      return null;
    },
    discard: ([value]) => {
      set.delete(value!);
      return null;
    },
  };
}

/** Python's bool() of an optional argument. */
export function flag(value: Value | undefined, fallback: boolean): boolean {
  return value === undefined ? fallback : truth(value);
}
