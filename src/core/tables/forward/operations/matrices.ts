/** Products of matrices, and new tensors like another. */
import { flowing, Flowing, kindOf } from '../tensor';
import { whole } from '../arguments';
import { linear, matmul } from '../products';
import { axisOf, broadcast, mismatch } from '../shapes';
import { filled } from './made';
import { method } from './registry';

method('matmul mm bmm __matmul__', ({ tally }, given) => {
  const second = given.at(1, 'other') ?? given.at(1, 'mat2');
  return matmul(tally, given.tensor(), flowing(second));
});
method('mv dot inner_vector vecdot', (_, given) => {
  const [a, b] = [given.tensor(), given.tensor(1, 'other')];
  const { shape } = a;
  return new Flowing(shape.slice(0, -1), { gradient: a.gradient || b.gradient });
});
method('baddbmm addmm', ({ tally }, given) => {
  const bias = given.tensor();
  const out = matmul(
    tally,
    given.tensor(1, given.named.has('mat1') ? 'mat1' : 'batch1'),
    given.tensor(2, given.named.has('mat2') ? 'mat2' : 'batch2'),
  );
  return new Flowing(out.shape, { gradient: out.gradient || bias.gradient });
});
method('linear', ({ tally }, given) =>
  linear(tally, given.tensor(), given.tensor(1, 'weight'), given.optional(2, 'bias')),
);
method('solve_triangular', (_, given) => {
  const [a, b] = [given.tensor(), given.tensor(1, 'B')];
  const batch = broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2));
  return new Flowing([...batch, ...b.shape.slice(-2)], { gradient: a.gradient || b.gradient });
});
method('outer ger', (_, given) => {
  const [a, b] = [given.tensor(), given.tensor(1, 'vec2')];
  return new Flowing([a.shape[0]!, b.shape[0]!], { gradient: a.gradient || b.gradient });
});
method('tensordot', ({ tally }, given) => {
  const [a, b] = [given.tensor(), given.tensor(1, 'b')];
  const dims = given.at(2, 'dims') ?? 2;
  const [left, right] = (
    Array.isArray(dims)
      ? dims.map((each) => (Array.isArray(each) ? each : [each]).map((axis) => whole(axis, 'dims')))
      : [
          Array.from({ length: whole(dims, 'dims') }, (_, i) => i - whole(dims, 'dims')),
          Array.from({ length: whole(dims, 'dims') }, (_, i) => i),
        ]
  ) as [number[], number[]];
  const [x, y] = [
    left.map((axis) => axisOf(axis, a.shape.length)),
    right.map((axis) => axisOf(axis, b.shape.length)),
  ];
  const [rows, columns] = [
    a.shape.filter((_, i) => !x.includes(i)),
    b.shape.filter((_, i) => !y.includes(i)),
  ];
  const inner = x.map((axis) => a.shape[axis]!);
  if (inner.join() !== y.map((axis) => b.shape[axis]!).join()) throw mismatch([a.shape, b.shape]);
  tally.charge([...rows, ...inner, ...columns], Number(a.gradient) + Number(b.gradient));
  return new Flowing([...rows, ...columns], { gradient: a.gradient || b.gradient });
});

for (const name of ['zeros', 'ones', 'full', 'empty', 'rand', 'randn', 'randint']) {
  method(`${name}_like`, (_, given) => {
    const x = given.tensor();
    const fill = { zeros: 0, ones: 1 }[name];
    const kind = kindOf(given.named.get('dtype')) ?? x.kind;
    return filled(x.shape, fill ?? (name === 'full' ? given.at(1, 'fill_value') : undefined), kind);
  });
  method(`new_${name}`, (_, given) => {
    const x = given.tensor();
    const kind = kindOf(given.named.get('dtype')) ?? x.kind;
    const fill = { zeros: 0, ones: 1 }[name];
    return filled(
      given.sizes(1, 'size'),
      fill ?? (name === 'full' ? given.at(2, 'fill_value') : undefined),
      kind,
    );
  });
}
method('new_tensor', (_, given) => flowing(given.args[1]));
