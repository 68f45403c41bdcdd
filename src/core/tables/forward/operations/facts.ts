/** What is asked of tensors. */
import { Opaque, Tuple, type Value } from '../../values';
import { whole } from '../arguments';
import { axisOf } from '../shapes';
import { product } from '../tensor';
import { method } from './registry';

method('size', (_, given) => {
  const { shape } = given.tensor();
  const axis = given.at(1, 'dim');
  return axis === undefined ? Tuple.with(...shape) : shape[axisOf(whole(axis, 'dim'), shape.length)]!;
});
method('numel nelement', (_, given) => product(given.tensor().shape));
method('dim ndimension', (_, given) => given.tensor().shape.length);
method('is_floating_point', (_, given) => given.tensor().kind === 'float');
method('is_complex is_sparse', () => false);
method('is_contiguous', () => true);
method('item', (_, given) => {
  const { numbers, kind } = given.tensor();
  if (numbers?.length !== 1) return new Opaque('the number of a tensor');
  return kind === 'bool' ? numbers[0] !== 0 : numbers[0]!;
});
method('tolist', (_, given) => {
  const { shape, numbers } = given.tensor();
  if (numbers === undefined) return new Opaque('the numbers of a tensor');
  if (shape.length === 1) return [...numbers];
  const nest = (at: number, axis: number): Value => {
    if (axis === shape.length) return numbers[at]!;
    const stride = product(shape.slice(axis + 1));
    return Array.from({ length: shape[axis]! }, (_, i) => nest(at + i * stride, axis + 1));
  };
  return nest(0, 0);
});
method('equal allclose', () => new Opaque('whether tensors are equal'));
method('data_ptr get_device element_size stride storage_offset', () => new Opaque('where a tensor lies'));
method('record_stream retain_grad register_hook backward', () => null);
