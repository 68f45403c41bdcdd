/** Methods of Python's own types and of tensors. */
import type { Evaluator } from './evaluate';
import {
  Callable,
  Dict,
  elementsOf,
  equal,
  integer,
  key,
  Opaque,
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

/** Where tensors without memory are. */
export const META = new Dict([['type', 'meta']]);

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
    Array.isArray(value) ? value.some((each) => test(String(each))) : test(String(value));
  return {
    format: (args) => {
      let next = 0;
      return self.replace(/\{[^}]*\}/g, () => text(args[next++] ?? null));
    },
    startswith: ([prefix]) => any(prefix, (each) => self.startsWith(each)),
    endswith: ([suffix]) => any(suffix, (each) => self.endsWith(each)),
    split: ([by, limit]) => {
      const parts = by === undefined || by === null ? self.trim().split(/\s+/) : self.split(String(by));
      if (typeof limit !== 'number' || parts.length <= limit + 1) return parts;
      return [...parts.slice(0, limit), parts.slice(limit).join(String(by))];
    },
    rsplit: ([by, limit]) => {
      const parts = self.split(String(by));
      const keep = typeof limit === 'number' ? Math.max(0, parts.length - limit) : 1;
      return keep <= 1 ? parts : [parts.slice(0, keep).join(String(by)), ...parts.slice(keep)];
    },
    join: ([parts]) => elementsOf(parts!).map(text).join(self),
    replace: ([from, to]) => self.replaceAll(String(from), String(to)),
    lower: () => self.toLowerCase(),
    upper: () => self.toUpperCase(),
    strip: () => self.trim(),
    removesuffix: ([end]) => (self.endsWith(String(end)) ? self.slice(0, self.length - String(end).length) : self),
    removeprefix: ([start]) => (self.startsWith(String(start)) ? self.slice(String(start).length) : self),
    isdigit: () => /^\d+$/.test(self),
    count: ([part]) => self.split(String(part)).length - 1,
    find: ([part]) => self.indexOf(String(part)),
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
      if (at < 0) throw new Refusal('ValueError', `${text(value!)} is not in list`);
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
      if (found === undefined && fallback === undefined) throw new Refusal('KeyError', text(name!));
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
    difference: ([other]) => new PySet(new Set([...set].filter((each) => !elementsOf(other!).includes(each)))),
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

/** Axes from `from` on made one. */
export function flattened(shape: readonly number[], from: number): readonly number[] {
  return [...shape.slice(0, from), product(shape.slice(from))];
}

function product(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

/** Sizes given one by one or as a list, with −1 for what is left of `total`. */
function sizes(args: readonly Value[], total?: number): readonly number[] | undefined {
  const given = Array.isArray(args[0]) ? args[0] : args;
  if (given.some((each) => typeof each !== 'number')) return undefined;
  const found = given as readonly number[];
  if (!found.includes(-1)) return found;
  if (total === undefined) return undefined;
  const known = -product(found);
  return found.map((each) => (each === -1 ? total / known : each));
}

/** Methods that change no shape. */
const SAME_SHAPE: ReadonlySet<string> = new Set([
  'float', 'double', 'half', 'bool', 'int', 'long', 'to', 'type', 'contiguous', 'clone', 'detach', 'cpu', 'cuda',
  'normal_', 'uniform_', 'zero_', 'fill_', 'mul_', 'add_', 'exp', 'log', 'sqrt', 'sin', 'cos', 'pow', 'abs', 'round',
  'clamp', 'requires_grad_', 'neg', 'floor', 'ceil', 'logical_not', 'flip', 'tril', 'triu', 'masked_fill',
  'data',
]); // prettier-ignore

function tensorAttribute(self: Tensor, name: string): Value | undefined {
  const { shape } = self;
  const result = (made: readonly number[] | undefined) => new Tensor(made);
  switch (name) {
    case 'shape':
      return shape === undefined ? new Opaque('the shape of a tensor') : Tuple.with(...shape);
    case 'size':
      return new Callable(name, ([axis]) => {
        if (shape === undefined) return new Opaque('the shape of a tensor');
        return axis === undefined ? Tuple.with(...shape) : (shape.at(integer(axis, 'an axis')) ?? null);
      });
    case 'numel':
      return new Callable(name, () => (shape === undefined ? new Opaque('a shape') : product(shape)));
    case 'ndim':
      return shape === undefined ? new Opaque('a shape') : shape.length;
    case 'dim':
      return new Callable(name, () => (shape === undefined ? new Opaque('a shape') : shape.length));
    case 'T':
      return result(shape && [...shape].reverse());
    case 't':
      return new Callable(name, () => result(shape && [...shape].reverse()));
    case 'data':
      return result(shape);
    case 'requires_grad':
      return true;
    case 'device':
      return META;
    case 'item':
    case 'tolist':
      if (self.values !== undefined) {
        const numbers = [...self.values];
        return new Callable(name, () => (name === 'item' ? numbers[0]! : numbers));
      }
      return new Callable(name, () => new Opaque(`a tensor's ${name}`));
    case 'max':
    case 'min':
    case 'sum':
    case 'mean':
    case 'std':
    case 'var':
    case 'norm':
    case 'prod':
    case 'any':
    case 'all':
      return new Callable(name, ([axis], named) => {
        const at = axis ?? named.get('dim');
        if (at === undefined) return result([]);
        return result(typeof at === 'number' ? shape?.toSpliced(at < 0 ? at + shape.length : at, 1) : undefined);
      });
    case 'view':
    case 'reshape':
      return new Callable(name, (args) => result(shape && sizes(args, product(shape))));
    case 'cumsum':
      return new Callable(name, () => new Tensor(shape, self.values && cumulated(self.values)));
    case 'split':
      return new Callable(name, ([lengths]) => splits(self, lengths!));
    case 'unsqueeze':
      return new Callable(name, ([axis]) => {
        if (shape === undefined) return result(undefined);
        const at = integer(axis, 'an axis');
        return result(shape.toSpliced(at < 0 ? shape.length + 1 + at : at, 0, 1));
      });
    case 'squeeze':
      return new Callable(name, ([axis]) =>
        result(shape?.filter((size, i) => size !== 1 || (axis !== undefined && i !== axis))),
      );
    case 'expand':
      return new Callable(name, (args) => {
        const given = (Array.isArray(args[0]) ? args[0] : args) as readonly number[];
        if (given.some((each) => typeof each !== 'number')) return result(undefined);
        if (shape === undefined) return result(undefined);
        const offset = given.length - shape.length;
        return result(given.map((size, i) => (size === -1 ? shape[i - offset]! : size)));
      });
    case 'repeat':
      return new Callable(name, (args) => {
        const times = sizes(args);
        if (times === undefined || shape === undefined) return result(undefined);
        const offset = times.length - shape.length;
        return result(times.map((count, i) => count * (shape[i - offset] ?? 1)));
      });
    case 'transpose':
      return new Callable(name, ([a, b]) => {
        if (shape === undefined) return result(undefined);
        const out = [...shape];
        const [i, j] = [a, b].map((axis) => (integer(axis, 'an axis') + out.length) % out.length) as [number, number];
        [out[i], out[j]] = [out[j]!, out[i]!];
        return result(out);
      });
    case 'permute':
      return new Callable(name, (args) => {
        const order = sizes(args);
        return result(shape && order?.map((axis) => shape.at(axis)!));
      });
    case 'flatten':
      return new Callable(name, ([from = 0]) => result(shape && flattened(shape, integer(from, 'an axis'))));
    default:
      if (SAME_SHAPE.has(name)) return new Callable(name, () => keep(self));
      return new Callable(name, () => result(undefined));
  }
}

export function cumulated(values: readonly number[]): number[] {
  let sum = 0;
  return values.map((each) => (sum += each));
}

/** A list of numbers in parts of given lengths. */
function splits({ values = [] }: Tensor, lengths: Value): Value[] {
  let at = 0;
  const each = typeof lengths === 'number' ? Array.from({ length: Math.ceil(values.length / lengths) }, () => lengths) : elementsOf(lengths);
  return each.map((given) => {
    const part = values.slice(at, (at += integer(given, 'a length')));
    return new Tensor([part.length], part);
  });
}

/** In-place and type-changing methods leave a parameter one. */
function keep(self: Tensor): Tensor {
  return self.parameter ? self : new Tensor(self.shape);
}

/** Python's bool() of an optional argument. */
export function flag(value: Value | undefined, fallback: boolean): boolean {
  return value === undefined ? fallback : truth(value);
}
