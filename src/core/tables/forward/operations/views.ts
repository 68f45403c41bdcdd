/** Operations that give the same elements another shape or order. */
import { Namespace } from '../../values';
import { whole } from '../arguments';
import { spread } from '../elementwise';
import { axisOf, expanded, flattened, swapped, viewed, type Shape } from '../shapes';
import type { Flowing } from '../tensor';
import { permuted, reshaped } from './made';
import { method } from './registry';

method('view reshape view_copy', (_, given) => {
  const x = given.tensor();
  const asked = given.args[1];
  if (asked instanceof Namespace) return x;
  return reshaped(x, viewed(x.shape, given.sizes(1, given.named.has('shape') ? 'shape' : 'size')));
});
method('view_as reshape_as', (_, given) =>
  reshaped(given.tensor(), viewed(given.tensor().shape, given.tensor(1, 'other').shape)),
);
method('flatten ravel', (_, given) => {
  const x = given.tensor();
  return reshaped(x, flattened(x.shape, given.whole(1, 'start_dim', 0), given.whole(2, 'end_dim', -1)));
});
method('unflatten', (_, given) => {
  const x = given.tensor();
  const axis = axisOf(given.whole(1, 'dim'), x.shape.length);
  const sizes = viewed([x.shape[axis]!], given.sizes(2, 'sizes'));
  return reshaped(x, [...x.shape.slice(0, axis), ...sizes, ...x.shape.slice(axis + 1)]);
});
method('transpose swapaxes swapdims transpose_', (_, given) => {
  const x = given.tensor();
  const [a, b] = [given.whole(1, 'dim0'), given.whole(2, 'dim1')];
  return permuted(
    x,
    swapped(
      x.shape.map((_size, i) => i),
      a,
      b,
    ),
  );
});
method('permute', (_, given) => permuted(given.tensor(), given.sizes(1, 'dims')));
method('movedim moveaxis', (_, given) => {
  const x = given.tensor();
  const [from, to] = ['source', 'destination'].map((name, i) => {
    const value = given.at(i + 1, name);
    return (Array.isArray(value) ? value : [value]).map((each) =>
      axisOf(whole(each ?? undefined, name), x.shape.length),
    );
  }) as [number[], number[]];
  const rest = x.shape.map((_size, i) => i).filter((axis) => !from.includes(axis));
  const order: number[] = [];
  for (let axis = 0; axis < x.shape.length; axis++) {
    const at = to.indexOf(axis);
    order.push(at >= 0 ? from[at]! : rest.shift()!);
  }
  return permuted(x, order);
});
method('t adjoint', (_, given) => {
  const x = given.tensor();
  return x.shape.length < 2 ? x : permuted(x, [...x.shape.keys()].reverse());
});
method('squeeze', (_, given) => {
  const x = given.tensor();
  const asked = given.at(1, 'dim');
  const axes =
    asked === undefined
      ? undefined
      : (Array.isArray(asked) ? asked : [asked]).map((each) => axisOf(whole(each, 'dim'), x.shape.length));
  return reshaped(
    x,
    x.shape.filter((size, axis) => size !== 1 || (axes !== undefined && !axes.includes(axis))),
  );
});
method('unsqueeze unsqueeze_ expand_dims', (_, given) => {
  const x = given.tensor();
  return reshaped(x, x.shape.toSpliced(axisOf(given.whole(1, 'dim'), x.shape.length + 1), 0, 1));
});
method('expand broadcast_to', (_, given) =>
  spreadTo(given.tensor(), expanded(given.tensor().shape, given.sizes(1, 'size'))),
);
method('expand_as', (_, given) =>
  spreadTo(given.tensor(), expanded(given.tensor().shape, given.tensor(1, 'other').shape)),
);

function spreadTo(x: Flowing, shape: Shape): Flowing {
  const values = spread(x.numbers, x.shape, shape);
  return x.view(shape, values);
}
