/** Functions of several tensors. */
import { text, Tuple, Unknowable, type Value } from '../../values';
import { whole } from '../arguments';
import { named } from '../operations/registry';
import { attention, einsum } from '../products';
import { axisOf, broadcast, mismatch } from '../shapes';
import { Flowing, flowing } from '../tensor';

named('broadcast_shapes', (_, given) =>
  Tuple.with(
    ...broadcast(...given.args.map((shape) => (shape as Value[]).map((size) => whole(size, 'a size')))),
  ),
);
named('broadcast_tensors', (_, given) => {
  const list = (Array.isArray(given.args[0]) ? given.args[0] : given.args).map((item) => flowing(item));
  const shape = broadcast(...list.map((item) => item.shape));
  return Tuple.with(...list.map((item) => item.view(shape)));
});

named('cat concat concatenate', ({ evaluator }, given) => {
  const list = evaluator.iterate(given.args[0] ?? given.named.get('tensors')!).map((item) => flowing(item));
  // An empty list of numbers joins anything.
  const real = list.filter(
    (item) => item.shape.length !== 1 || item.shape[0] !== 0 || list.every(({ shape }) => shape.length === 1),
  );
  const first = real[0];
  if (first === undefined) throw new Unknowable('nothing is joined');
  const axis = axisOf(given.whole(1, given.named.has('axis') ? 'axis' : 'dim', 0), first.shape.length);
  for (const { shape } of real) {
    if (shape.length !== first.shape.length || shape.some((size, i) => i !== axis && size !== first.shape[i]))
      throw mismatch(real.map((item) => item.shape));
  }
  const shape = first.shape.with(
    axis,
    real.reduce((sum, item) => sum + item.shape[axis]!, 0),
  );
  const values =
    axis === 0 && real.every((item) => item.numbers !== undefined)
      ? real.flatMap((item) => [...item.numbers!])
      : undefined;
  return new Flowing(shape, { values, kind: first.kind, gradient: list.some((item) => item.gradient) });
});
named('stack', ({ evaluator }, given) => {
  const list = evaluator.iterate(given.args[0] ?? given.named.get('tensors')!).map((item) => flowing(item));
  const first = list[0];
  if (first === undefined || list.some(({ shape }) => shape.join() !== first.shape.join()))
    throw mismatch(list.map((item) => item.shape));
  const axis = axisOf(given.whole(1, 'dim', 0), first.shape.length + 1);
  const values =
    axis === 0 && list.every((item) => item.numbers !== undefined)
      ? list.flatMap((item) => [...item.numbers!])
      : undefined;
  return new Flowing(first.shape.toSpliced(axis, 0, list.length), {
    values,
    kind: first.kind,
    gradient: list.some((item) => item.gradient),
  });
});
named('einsum', ({ tally }, given) => {
  const operands = Array.isArray(given.args[1]) ? given.args[1] : given.args.slice(1);
  return einsum(
    tally,
    text(given.args[0] ?? null),
    operands.map((item) => flowing(item)),
  );
});

named('F.glu glu', (_, given) => {
  const x = given.tensor();
  const axis = axisOf(given.whole(1, 'dim', -1), x.shape.length);
  return new Flowing(x.shape.with(axis, x.shape[axis]! / 2), { gradient: x.gradient });
});
named('F.embedding embedding', (_, given) => {
  const [ids, table] = [given.tensor(), given.tensor(1, 'weight')];
  return new Flowing([...ids.shape, ...table.shape.slice(1)], { gradient: table.gradient });
});
named('F.scaled_dot_product_attention', ({ tally }, given) =>
  attention(tally, given.tensor(0, 'query'), given.tensor(1, 'key'), given.tensor(2, 'value'), true),
);
named('F.cosine_similarity cosine_similarity', (_, given) => {
  const [a, b] = [given.tensor(0, 'x1'), given.tensor(1, 'x2')];
  const shape = broadcast(a.shape, b.shape);
  return new Flowing(shape.toSpliced(axisOf(given.whole(2, 'dim', 1), shape.length), 1), {
    gradient: a.gradient || b.gradient,
  });
});
named('cdist', (_, given) => {
  const [a, b] = [given.tensor(0, 'x1'), given.tensor(1, 'x2')];
  return new Flowing(
    [...broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2)), a.shape.at(-2)!, b.shape.at(-2)!],
    { gradient: a.gradient || b.gradient },
  );
});
named(
  'F.bilinear',
  (_, given) =>
    new Flowing([...given.tensor().shape.slice(0, -1), given.tensor(2, 'weight').shape[0]!], {
      gradient: true,
    }),
);
named(
  'multinomial',
  (_, given) =>
    new Flowing([...given.tensor().shape.slice(0, -1), given.whole(1, 'num_samples')], { kind: 'int' }),
);
named('isin', (_, given) => new Flowing(given.tensor(0, 'elements').shape, { kind: 'bool' }));
named('atleast_1d', (_, given) =>
  given.tensor().shape.length === 0 ? given.tensor().view([1]) : given.tensor(),
);
named('scalar_tensor', (_, given) => flowing(given.args[0]));
named(
  'F.cross_entropy F.mse_loss F.nll_loss F.smooth_l1_loss F.binary_cross_entropy_with_logits F.ctc_loss F.kl_div F.l1_loss',
  () => new Flowing([], { gradient: true }),
);
named('block_diag', (_, given) => {
  const list = given.args.map((item) => flowing(item).shape);
  return new Flowing([
    list.reduce((sum, [rows = 1]) => sum + rows, 0),
    list.reduce((sum, [, columns = 1]) => sum + columns, 0),
  ]);
});
named('cartesian_prod combinations', () => {
  throw new Unknowable('combinations of elements');
});
