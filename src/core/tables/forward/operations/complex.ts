/** Complex numbers and Fourier transforms. */
import type { Given } from '../arguments';
import { whole } from '../arguments';
import { axisOf, broadcast } from '../shapes';
import type { Flowing } from '../tensor';
import { computed } from './made';
import { method } from './registry';

method('view_as_real', (_, given) => computed(given.tensor(), [...given.tensor().shape, 2]));
method('view_as_complex', (_, given) => computed(given.tensor(), given.tensor().shape.slice(0, -1)));
method('polar complex', (_, given) =>
  computed(given.tensor(), broadcast(given.tensor().shape, given.tensor(1, 'angle').shape)),
);
method('conj', (_, given) => given.tensor());
method('rfft', (_, given) => halved(given, (length) => Math.floor(length / 2) + 1));
method('irfft', (_, given) => halved(given, (length) => 2 * (length - 1)));

function halved(given: Given, size: (length: number) => number): Flowing {
  const x = given.tensor();
  const axis = axisOf(given.whole(2, 'dim', -1), x.shape.length);
  const n = given.at(1, 'n');
  if (n !== undefined && size(3) === 2) return computed(x, x.shape.with(axis, size(whole(n, 'n'))));
  return computed(x, x.shape.with(axis, n === undefined ? size(x.shape[axis]!) : whole(n, 'n')));
}
