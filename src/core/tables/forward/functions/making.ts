/** Functions that make tensors. */
import { Tensor, Tuple, Unknowable, type Value } from '../../values';
import { whole } from '../arguments';
import { filled } from '../operations/made';
import { named } from '../operations/registry';
import { nested } from '../shapes';
import { Flowing, flowing, kindOf, product } from '../tensor';

for (const [name, fill] of [
  ['zeros', 0],
  ['ones', 1],
  ['empty', undefined],
  ['rand', undefined],
  ['randn', undefined],
] as const) {
  named(name, (_, given) =>
    filled(given.sizes(0, 'size'), fill, kindOf(given.named.get('dtype')) ?? 'float'),
  );
}
named('full', (_, given) =>
  filled(given.sizes(0, 'size'), given.at(1, 'fill_value'), kindOf(given.named.get('dtype')) ?? 'float'),
);
named(
  'randint',
  (_, given) => new Flowing(given.sizes(given.args.length > 2 ? 2 : 1, 'size'), { kind: 'int' }),
);
named('randperm', (_, given) => new Flowing([given.whole(0, 'n')], { kind: 'int' }));
named('tensor as_tensor Tensor FloatTensor LongTensor asarray from_numpy', (_, given) => {
  const value = given.at(0, 'data')!;
  if (value instanceof Tensor) return flowing(value);
  const shape = nested(value);
  if (shape === undefined) return flowing(value, 'a tensor');
  const flat: Value[] = (Array.isArray(value) ? value : [value]).flat(8);
  const plain = flat.every((item) => typeof item === 'number' || typeof item === 'boolean');
  const kind =
    kindOf(given.named.get('dtype')) ??
    (flat.every((item) => typeof item === 'boolean') && flat.length > 0
      ? 'bool'
      : flat.every((item) => Number.isInteger(item))
        ? 'int'
        : 'float');
  return new Flowing(shape, { values: plain ? flat.map(Number) : undefined, kind });
});
named('arange range', (_, given) => {
  const [a, b, step = 1] = [
    given.args[0] ?? given.named.get('end'),
    given.args[1] ?? (given.args.length > 0 ? given.named.get('end') : undefined),
    given.at(2, 'step'),
  ].map((value) =>
    value === undefined || value === null
      ? undefined
      : value instanceof Tensor
        ? whole(value, 'a range')
        : value,
  );
  const [from, to] = b === undefined ? [0, a] : [a, b];
  if (typeof from !== 'number' || typeof to !== 'number' || typeof step !== 'number')
    throw new Unknowable('the length of a range is computed');
  const length = Math.max(0, Math.ceil((to - from) / step));
  const kind =
    kindOf(given.named.get('dtype')) ?? ([from, to, step].every(Number.isInteger) ? 'int' : 'float');
  return new Flowing([length], {
    values: length <= 4096 ? Array.from({ length }, (_, i) => from + i * step) : undefined,
    kind,
  });
});
named('linspace', (_, given) => {
  const [from, to, steps] = [given.at(0, 'start'), given.at(1, 'end'), given.whole(2, 'steps')];
  const known = typeof from === 'number' && typeof to === 'number' && steps <= 4096;
  const values = known
    ? Array.from({ length: steps }, (_, i) => from + (i * (to - from)) / Math.max(1, steps - 1))
    : undefined;
  return new Flowing([steps], { values });
});
named('logspace', (_, given) => new Flowing([given.whole(2, 'steps')]));
named('eye', (_, given) => new Flowing([given.whole(0, 'n'), given.whole(1, 'm', given.whole(0, 'n'))]));
named(
  'hann_window hamming_window kaiser_window',
  (_, given) => new Flowing([given.whole(0, 'window_length')]),
);
named('tril_indices triu_indices', (_, given) => {
  const [rows, columns, offset] = [given.whole(0, 'row'), given.whole(1, 'col'), given.whole(2, 'offset', 0)];
  if (rows !== columns || offset !== 0) throw new Unknowable('a triangle that is not square');
  return new Flowing([2, (rows * (rows + 1)) / 2], { kind: 'int' });
});
named('meshgrid', (_, given) => {
  const list = Array.isArray(given.args[0]) ? given.args[0] : given.args;
  const axes = list.map((item) => flowing(item));
  const shape = axes.map(({ shape: own }) => product(own));
  const turned = given.named.get('indexing') === 'xy' ? [shape[1]!, shape[0]!, ...shape.slice(2)] : shape;
  return Tuple.with(...axes.map(({ kind }) => new Flowing(turned, { kind })));
});
