/** Names of Python itself, as constructors use them. */
import { setAttributeOf, attributeOf } from '../attributes';
import type { Evaluator } from '../evaluate';
import { binary } from '../operators';
import {
  Callable,
  Class,
  Dict,
  Instance,
  integer,
  Namespace,
  Opaque,
  PySet,
  Refusal,
  Tensor,
  text,
  truth,
  Tuple,
  typeName,
  Unknowable,
  type Native,
  type Value,
} from '../values';

/** A loop of more turns builds nothing that exists. */
const MAX_RANGE = 1_000_000;

/** Classes of values that are not instances. */
const TYPES = ['int', 'float', 'str', 'bool', 'list', 'tuple', 'dict', 'set', 'type'] as const;

export function pythonNames(evaluator: () => Evaluator): Map<string, Value> {
  const names = new Map<string, Value>();
  const add = (name: string, native: Native) => names.set(name, new Callable(name, native));
  const list = (value: Value | undefined) => (value === undefined ? [] : [...evaluator().iterate(value)]);

  add('len', ([value]) => {
    if (value instanceof Instance) {
      const member = evaluator().lookUp(value.of, '__len__');
      if (member !== undefined) return evaluator().call(evaluator().bind(member, value), [], new Map());
    }
    if (value === null || typeof value === 'number' || typeof value === 'boolean') {
      throw new Refusal('TypeError', `object of type '${typeName(value)}' has no len()`);
    }
    return typeof value === 'string' ? value.length : list(value).length;
  });
  add('range', (args) => {
    const [a, b, step = 1] = args.map((each) => integer(each, 'a number of turns'));
    const [from, to] = b === undefined ? [0, a!] : [a!, b];
    if (step === 0) throw new Refusal('ValueError', 'range() arg 3 must not be zero');
    const length = Math.max(0, Math.ceil((to - from) / step));
    if (length > MAX_RANGE) throw new Refusal('MemoryError', `${length} turns are too many`);
    return Tuple.from(Array.from({ length }, (_, i) => from + i * step));
  });
  add('int', ([value]) => {
    if (value === undefined) return 0;
    if (typeof value === 'boolean') return Number(value);
    if (typeof value === 'number') return Math.trunc(value);
    if (typeof value === 'string' && /^\s*-?\d+\s*$/.test(value)) return Number(value);
    if (value instanceof Tensor && value.values?.length === 1) return Math.trunc(value.values[0]!);
    if (value instanceof Opaque || value instanceof Tensor) return new Opaque('a computed number');
    throw new Refusal('TypeError', `int() can't take ${text(value)}`);
  });
  add('float', ([value]) => {
    if (typeof value === 'number' || typeof value === 'boolean') return Number(value);
    if (value === 'inf') return Infinity;
    if (value === '-inf') return -Infinity;
    if (typeof value === 'string' && value.trim() !== '' && !Number.isNaN(Number(value)))
      return Number(value);
    if (value instanceof Opaque || value instanceof Tensor) return new Opaque('a computed number');
    throw new Refusal('TypeError', `float() can't take ${text(value ?? null)}`);
  });
  add('str', ([value]) => (value === undefined ? '' : text(value)));
  add('bool', ([value]) => value !== undefined && truth(value));
  add('list', ([value]) => list(value));
  add('tuple', ([value]) => Tuple.with(...list(value)));
  add('set', ([value]) => new PySet(new Set(list(value))));
  add('frozenset', ([value]) => new PySet(new Set(list(value))));
  add('dict', ([value], named) => {
    const out = new Dict();
    if (value instanceof Dict) {
      for (const [key, each] of value.map) out.map.set(key, each);
      if (value.origin !== undefined) out.origin = value.origin;
    } else
      for (const pair of list(value)) {
        const [key, each] = list(pair);
        out.map.set(key!, each!);
      }
    for (const [key, each] of named) out.map.set(key, each);
    return out;
  });
  const extreme = (name: string, better: (a: number, b: number) => boolean) =>
    add(name, (args, named) => {
      const values = args.length === 1 ? list(args[0]) : [...args];
      if (values.length === 0 && named.has('default')) return named.get('default')!;
      const opaque = values.find((each) => each instanceof Opaque || each instanceof Tensor);
      if (opaque !== undefined) return new Opaque('a computed number');
      const key = named.get('key');
      const rank = (value: Value) => {
        const taken = key === undefined ? value : evaluator().call(key, [value], new Map());
        if (typeof taken !== 'number' && typeof taken !== 'boolean') {
          throw new Refusal('TypeError', `${name}() can't take ${text(value)}`);
        }
        return Number(taken);
      };
      if (values.length === 0) throw new Refusal('ValueError', `${name}() arg is an empty sequence`);
      return values.reduce((a, b) => (better(rank(b), rank(a)) ? b : a));
    });
  extreme('max', (a, b) => a > b);
  extreme('min', (a, b) => a < b);
  add('sum', ([values, start = 0]) => list(values).reduce<Value>((a, b) => binary('+', a, b), start));
  add('abs', ([value]) => (typeof value === 'number' ? Math.abs(value) : (value ?? null)));
  add('round', ([value, digits = 0]) => {
    if (typeof value !== 'number') return value ?? null;
    const scale = 10 ** integer(digits, 'digits');
    const scaled = value * scale;
    const floor = Math.floor(scaled);
    // Halves go to the even neighbour.
    const even = scaled - floor === 0.5 ? floor + (floor % 2 === 0 ? 0 : 1) : Math.round(scaled);
    return even / scale;
  });
  add('zip', (args) => {
    const all = args.map(list);
    const length = Math.min(...all.map((each) => each.length));
    return Array.from({ length: all.length === 0 ? 0 : length }, (_, i) =>
      Tuple.with(...all.map((each) => each[i]!)),
    );
  });
  add('enumerate', ([values, start = 0]) =>
    list(values).map((each, i) => Tuple.with(i + Number(start), each)),
  );
  add('reversed', ([values]) => list(values).reverse());
  add('sorted', ([values], named) => {
    const key = named.get('key');
    const rank = (value: Value) =>
      (key === undefined || key === null ? value : evaluator().call(key, [value], new Map())) as number;
    const out = list(values).sort((a, b) => (rank(a) < rank(b) ? -1 : rank(a) > rank(b) ? 1 : 0));
    return named.has('reverse') && truth(named.get('reverse')!) ? out.reverse() : out;
  });
  add('any', ([values]) => list(values).some(truth));
  add('all', ([values]) => list(values).every(truth));
  add('map', ([run, ...values]) => {
    const all = values.map(list);
    return (all[0] ?? []).map((_, i) =>
      evaluator().call(
        run!,
        all.map((each) => each[i]!),
        new Map(),
      ),
    );
  });
  add('filter', ([run, values]) =>
    list(values).filter((each) => truth(run === null ? each : evaluator().call(run!, [each], new Map()))),
  );
  add('next', ([values, fallback]) => {
    const member = values instanceof Instance ? evaluator().lookUp(values.of, '__next__') : undefined;
    if (member !== undefined) return evaluator().call(evaluator().bind(member, values!), [], new Map());
    return list(values)[0] ?? fallback ?? null;
  });
  add('iter', ([values]) => list(values));
  add('divmod', ([a, b]) => Tuple.with(binary('//', a!, b!), binary('%', a!, b!)));
  add('pow', ([a, b]) => binary('**', a!, b!));
  add('print', () => null);
  add('repr', ([value]) => text(value));
  add(
    'callable',
    ([value]) => value instanceof Callable || value instanceof Class || value instanceof Instance,
  );
  add('id', ([value]) => text(value));
  add('isinstance', ([value, types]) => isInstance(value!, types!));
  add('issubclass', ([value, types]) =>
    (Array.isArray(types) ? types : [types]).some(
      (each) => value instanceof Class && each instanceof Class && value.inherits(each),
    ),
  );
  add('hasattr', ([value, name]) => found(evaluator(), value!, text(name)) !== undefined);
  add('getattr', ([value, name, fallback]) => {
    const value_ = found(evaluator(), value!, text(name));
    if (value_ !== undefined) return value_;
    if (fallback === undefined) return evaluator().attribute(value!, text(name));
    return fallback;
  });
  add('setattr', ([target, name, value]) => {
    setAttributeOf(evaluator(), target!, text(name), value!);
    return null;
  });
  add('type', ([value]) => {
    if (value instanceof Instance) return value.of;
    return names.get(typeName(value!)) ?? new Opaque('a type');
  });
  for (const error of [
    'Exception',
    'ValueError',
    'TypeError',
    'KeyError',
    'NotImplementedError',
    'AttributeError',
  ]) {
    add(error, () => null);
  }
  names.set('object', new Class('object', []));
  return names;
}

/** An attribute, or undefined where reading it fails as it does for hasattr. */
function found(evaluator: Evaluator, value: Value, name: string): Value | undefined {
  try {
    return attributeOf(evaluator, value, name);
  } catch (error) {
    if (error instanceof Refusal && error.type === 'AttributeError') return undefined;
    throw error;
  }
}

function isInstance(value: Value, types: Value): boolean {
  if (value instanceof Opaque) throw new Unknowable(`it depends on ${value.of}`);
  if (Array.isArray(types)) return types.some((each) => isInstance(value, each));
  if (types instanceof Class) {
    if (value instanceof Instance) return value.of.inherits(types) || types.name === 'object';
    return value instanceof Tensor && ['Parameter', 'Tensor'].includes(types.name);
  }
  if (types instanceof Namespace) {
    const name = types.path.split('.').at(-1)!;
    if (name === 'Iterable')
      return (
        Array.isArray(value) || typeof value === 'string' || value instanceof Dict || value instanceof PySet
      );
    if (name === 'Sequence') return Array.isArray(value) || typeof value === 'string';
    if (name === 'Mapping') return value instanceof Dict;
    if (name === 'Tensor') return value instanceof Tensor;
    return value instanceof Instance && value.of.name === name;
  }
  if (!(types instanceof Callable)) return types === null ? value === null : false;
  if (types.name === 'bool') return typeof value === 'boolean';
  if (types.name === 'int')
    return typeof value === 'boolean' || (typeof value === 'number' && Number.isInteger(value));
  if (types.name === 'float') return typeof value === 'number' && !Number.isInteger(value);
  return (TYPES as readonly string[]).includes(types.name) && typeName(value) === types.name;
}
