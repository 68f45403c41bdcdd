/** Sums, orders and what else looks along axes. */
import { Namespace, Refusal, Tensor, Tuple, type Value } from '../../values';
import type { Given } from '../arguments';
import { whole } from '../arguments';
import { axisOf, broadcast, type Shape } from '../shapes';
import { Flowing, flowing, kindOf, product } from '../tensor';
import { computed } from './made';
import { method } from './registry';

function reduced(x: Flowing, asked: Value | undefined, keep: boolean): number[] {
  if (asked === undefined) return keep ? x.shape.map(() => 1) : [];
  const list = Array.isArray(asked) ? asked : [asked];
  const axes = list.map((each) => axisOf(whole(each, 'dim'), x.shape.length));
  if (axes.length === 0) return keep ? x.shape.map(() => 1) : [];
  return keep
    ? x.shape.map((size, i) => (axes.includes(i) ? 1 : size))
    : x.shape.filter((_, i) => !axes.includes(i));
}

const TOTALS: Readonly<Record<string, (numbers: readonly number[]) => number>> = {
  sum: (numbers) => numbers.reduce((a, b) => a + b, 0),
  prod: product,
  any: (numbers) => Number(numbers.some((each) => each !== 0)),
  all: (numbers) => Number(numbers.every((each) => each !== 0)),
  mean: (numbers) => numbers.reduce((a, b) => a + b, 0) / numbers.length,
  amax: (numbers) => Math.max(...numbers),
  amin: (numbers) => Math.min(...numbers),
};
for (const name of [
  'sum',
  'mean',
  'prod',
  'any',
  'all',
  'amax',
  'amin',
  'nansum',
  'count_nonzero',
  'nanmean',
]) {
  method(name, (_, given) => {
    const x = given.tensor();
    const dim = dimOf(given, 1);
    const shape = reduced(x, dim, given.flag(2, 'keepdim', false));
    const kind =
      name === 'any' || name === 'all' ? 'bool' : name === 'sum' && x.kind === 'bool' ? 'int' : x.kind;
    const total = TOTALS[name];
    if (x.numbers !== undefined && total !== undefined && (dim === undefined || x.shape.length === 1)) {
      return new Flowing(shape, { values: [total(x.numbers)], kind, gradient: x.gradient });
    }
    const whole = kindOf(given.named.get('dtype')) ?? kind;
    return computed(x, shape, whole);
  });
}

/** Keyword arguments come first: a dtype may stand where an axis could. */
function dimOf(given: Given, position: number): Value | undefined {
  const found = given.at(position, given.named.has('axis') ? 'axis' : 'dim');
  return found instanceof Namespace || typeof found === 'string' ? undefined : found;
}

method('logsumexp', (_, given) =>
  computed(given.tensor(), reduced(given.tensor(), given.at(1, 'dim'), given.flag(2, 'keepdim', false))),
);
method('norm vector_norm', (_, given) => {
  const dim = given.named.get('dim') ?? given.args[2];
  const keep = given.named.get('keepdim') === true || given.args[3] === true;
  return computed(given.tensor(), reduced(given.tensor(), dim ?? undefined, keep));
});
method('std var', (_, given) => {
  const dim = dimOf(given, 1);
  const asked = typeof dim === 'boolean' ? undefined : dim;
  return computed(given.tensor(), reduced(given.tensor(), asked, given.named.get('keepdim') === true));
});
method('var_mean std_mean', (_, given) => {
  const shape = reduced(given.tensor(), given.at(1, 'dim'), given.named.get('keepdim') === true);
  return Tuple.with(computed(given.tensor(), shape), computed(given.tensor(), shape));
});
method(
  'argmax argmin',
  (_, given) =>
    new Flowing(reduced(given.tensor(), given.at(1, 'dim'), given.flag(2, 'keepdim', false)), {
      kind: 'int',
    }),
);
method('max min median mode kthvalue', (_, given) => {
  const x = given.tensor();
  const asked = given.at(1, given.named.has('other') ? 'other' : 'dim');
  if (asked instanceof Tensor) return computed(x, broadcast(x.shape, flowing(asked).shape));
  if (asked === undefined) return computed(x, []);
  const shape = reduced(x, asked, given.flag(2, 'keepdim', false));
  return pair(computed(x, shape), shape);
});
method('cumsum', (_, given) => {
  const x = given.tensor();
  let sum = 0;
  const values = x.shape.length === 1 ? x.numbers?.map((each) => (sum += each)) : undefined;
  return new Flowing(x.shape, { values, kind: x.kind === 'bool' ? 'int' : x.kind, gradient: x.gradient });
});
method('sort', (_, given) => pair(computed(given.tensor(), given.tensor().shape), given.tensor().shape));
method('argsort', (_, given) => new Flowing(given.tensor().shape, { kind: 'int' }));
method('topk', (_, given) => {
  const x = given.tensor();
  const [k, axis] = [given.whole(1, 'k'), axisOf(given.whole(2, 'dim', -1), x.shape.length)];
  if (k > x.shape[axis]!)
    throw new Refusal('RuntimeError', `selected index k out of range: ${k} of ${x.shape[axis]}`);
  const shape = x.shape.with(axis, k);
  return pair(computed(x, shape), shape);
});
method('diff', (_, given) => {
  const x = given.tensor();
  const axis = axisOf(given.whole(2, 'dim', -1), x.shape.length);
  const extra = ['prepend', 'append'].reduce(
    (sum, name) => sum + (given.named.has(name) ? flowing(given.named.get(name)).shape[axis]! : 0),
    0,
  );
  return computed(x, x.shape.with(axis, x.shape[axis]! + extra - given.whole(1, 'n', 1)));
});
method(
  'one_hot',
  (_, given) => new Flowing([...given.tensor().shape, given.whole(1, 'num_classes')], { kind: 'int' }),
);
method('bernoulli', (_, given) => new Flowing(given.tensor().shape));
method('searchsorted', (_, given) => new Flowing(given.tensor(1, 'input').shape, { kind: 'int' }));
method('bucketize', (_, given) => new Flowing(given.tensor().shape, { kind: 'int' }));

/** What `max` and `topk` return: values with their indices. */
export class Pair extends Tuple {}

function pair(values: Flowing, shape: Shape): Pair {
  const out = new Pair();
  out.push(values, new Flowing(shape, { kind: 'int' }));
  return out;
}
