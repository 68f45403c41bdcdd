/** Names of Python's standard library and of NumPy. */
import { deepCopy, shallowCopy } from '../attributes';
import type { Evaluator } from '../evaluate';
import { binary } from '../operators';
import { cumulated } from '../tensors';
import {
  Callable,
  Class,
  Dict,
  Instance,
  integer,
  Opaque,
  Refusal,
  Tensor,
  text,
  Tuple,
  Unknowable,
  type Native,
  type Value,
} from '../values';
import { nativeClass } from './classes';
import { fieldsOf } from './fields';

/** What `import math`, `copy` and the others give. */
export function standardLibrary(evaluator: () => Evaluator): Map<string, Value> {
  const names = new Map<string, Value>();
  const add = (name: string, native: Native) => names.set(name, new Callable(name, native));
  const iterate = (value: Value) => [...evaluator().iterate(value)];
  const numeric = (name: string, run: (...numbers: number[]) => number) => {
    const native: Native = (args) =>
      args.some((each) => each instanceof Opaque || each instanceof Tensor)
        ? new Opaque('a computed number')
        : run(
            ...args.map((each) =>
              typeof each === 'number' || typeof each === 'boolean' ? Number(each) : fail(name, each),
            ),
          );
    add(`math.${name}`, native);
    add(`numpy.${name}`, native);
  };
  numeric('ceil', Math.ceil);
  numeric('floor', Math.floor);
  numeric('sqrt', Math.sqrt);
  numeric('isqrt', (x) => Math.floor(Math.sqrt(x)));
  numeric('exp', Math.exp);
  numeric('log', (x, base) => (base === undefined ? Math.log(x) : Math.log(x) / Math.log(base)));
  numeric('log2', Math.log2);
  numeric('log10', Math.log10);
  numeric('pow', (a, b) => a ** b);
  numeric('power', (a, b) => a ** b);
  numeric('gcd', gcd);
  numeric('lcm', (a, b) => (a * b) / gcd(a, b));
  numeric('round', Math.round);
  names.set('math.pi', Math.PI);
  names.set('math.e', Math.E);
  names.set('math.inf', Infinity);
  add('math.isfinite', ([value]) => Number.isFinite(value));
  const product: Native = ([values]) =>
    (Array.isArray(values) ? iterate(values) : [values!]).reduce((a, b) => binary('*', a, b), 1 as Value);
  add('math.prod', product);
  add('numpy.prod', product);
  add('numpy.linspace', (args) => evaluator().call(evaluator().named('torch.linspace'), args, new Map()));
  add('numpy.cumsum', ([values]) => {
    const numbers = iterate(values!).map((each) =>
      each instanceof Tensor ? (each.values?.[0] ?? NaN) : Number(each),
    );
    return new Tensor([numbers.length], cumulated(numbers));
  });
  add('numpy.argsort', ([values]) => {
    const numbers = iterate(values!).map(Number);
    const order = numbers.map((_, i) => i).sort((a, b) => numbers[a]! - numbers[b]!);
    return new Tensor([order.length], order);
  });
  add('numpy.array', (args) => evaluator().call(evaluator().named('torch.tensor'), args, new Map()));
  add('inspect.signature', ([value]) => {
    const cls = value instanceof Callable ? value.constructs : undefined;
    if (cls === undefined) throw new Unknowable('it asks what a function takes');
    const made = new Instance(new Class('Signature', []));
    made.attributes.set(
      'parameters',
      new Dict([...fieldsOf(cls).keys()].map((name) => [name, null] as const)),
    );
    return made;
  });
  add('copy.deepcopy', ([value]) => deepCopy(value!));
  add('copy.copy', ([value]) => shallowCopy(value!));
  add('functools.partial', ([run, ...first], more) => {
    return new Callable('partial', (args, named) =>
      evaluator().call(run!, [...first, ...args], new Map([...more, ...named])),
    );
  });
  add('functools.reduce', ([run, values, start]) => {
    const all = iterate(values!);
    const from = start ?? all.shift() ?? null;
    return all.reduce((a, b) => evaluator().call(run!, [a, b], new Map()), from);
  });
  add('operator.__add__', ([a, b]) => binary('+', a!, b!));
  add('collections.OrderedDict', ([value]) => {
    if (value instanceof Dict) return new Dict(value.map);
    return new Dict(
      (value === undefined ? [] : iterate(value)).map((pair) => iterate(pair) as [Value, Value]),
    );
  });
  add('collections.defaultdict', () => new Dict());
  add('itertools.product', (args, named) => {
    const lists = args.map(iterate);
    const times = integer(named.get('repeat') ?? 1, 'repeat');
    let out: Value[][] = [[]];
    for (const each of Array.from({ length: times }, () => lists).flat()) {
      out = out.flatMap((start) => each.map((value) => [...start, value]));
    }
    return out.map((each) => Tuple.with(...each));
  });
  add('itertools.chain', (args) => args.flatMap(iterate));
  add('itertools.cycle', ([values]) => cycle(iterate(values!)));
  add('dataclasses.field', (_, named) => {
    const factory = named.get('default_factory');
    return factory === undefined ? (named.get('default') ?? null) : evaluator().call(factory, [], new Map());
  });
  return names;
}

function gcd(a: number, b: number): number {
  return b === 0 ? Math.abs(a) : gcd(b, a % b);
}

function fail(name: string, value: Value): never {
  throw new Refusal('TypeError', `${name}() can't take ${text(value)}`);
}

/** Long enough for every pattern that is laid over layers. */
const ROUNDS = 4096;

/** Values again and again; each `next` takes one. */
function cycle(values: readonly Value[]): Instance {
  let at = 0;
  const cls = nativeClass('cycle', [], {
    __next__: () => values[at++ % values.length] ?? null,
    __iter__: () => Array.from({ length: ROUNDS }, (_, i) => values[i % values.length]!),
  });
  return new Instance(cls);
}
