/** Operations that take parts of tensors, or repeat them. */
import { Tensor, Tuple, Unknowable } from '../../values';
import { whole } from '../arguments';
import { axisOf, broadcast, mismatch } from '../shapes';
import { Flowing, flowing, product } from '../tensor';
import { computed, narrowed, picked, reshaped, unbound } from './made';
import { method } from './registry';

method('repeat tile', (_, given) => {
  const x = given.tensor();
  let times = given.sizes(1, given.named.has('repeats') ? 'repeats' : 'dims');
  while (times.length < x.shape.length) times = [1, ...times];
  const shape = [...times.slice(0, times.length - x.shape.length).map(() => 1), ...x.shape];
  const base = shape.map((_, i) => product(shape.slice(i + 1)));
  const out = times.map((count, i) => count * shape[i]!);
  const copy = new Flowing(shape, { values: x.numbers, kind: x.kind, gradient: x.gradient });
  return picked(copy, out, (index) => index.reduce((sum, at, i) => sum + (at % shape[i]!) * base[i]!, 0));
});
method('repeat_interleave', (_, given) => {
  const x = given.tensor();
  const axis = given.at(2, 'dim');
  const repeats = given.at(1, 'repeats');
  const from = axis === undefined ? reshaped(x, [product(x.shape)]) : x;
  const at = axis === undefined ? 0 : axisOf(whole(axis, 'dim'), x.shape.length);
  if (repeats instanceof Tensor && flowing(repeats).shape.length > 0) {
    const { numbers } = flowing(repeats);
    if (numbers === undefined) throw new Unknowable('numbers of repetitions depend on values');
    const total = numbers.length === 1 ? numbers[0]! * from.shape[at]! : numbers.reduce((a, b) => a + b, 0);
    return computed(from, from.shape.with(at, total));
  }
  return computed(from, from.shape.with(at, from.shape[at]! * whole(repeats, 'repeats')));
});
method('chunk', (_, given) => {
  const x = given.tensor();
  const axis = axisOf(given.whole(2, 'dim', 0), x.shape.length);
  const size = Math.ceil(x.shape[axis]! / given.whole(1, 'chunks'));
  return parts(x, axis, size === 0 ? [0] : steps(x.shape[axis]!, size));
});
method('split split_with_sizes', (_, given) => {
  const x = given.tensor();
  const axis = axisOf(given.whole(2, 'dim', 0), x.shape.length);
  const asked = given.at(1, given.named.has('split_size') ? 'split_size' : 'split_size_or_sections');
  if (asked instanceof Tensor || !Array.isArray(asked))
    return parts(x, axis, steps(x.shape[axis]!, whole(asked, 'split_size')));
  const lengths = asked.map((each) => whole(each, 'split_size'));
  if (lengths.reduce((a, b) => a + b, 0) !== x.shape[axis]) throw mismatch([x.shape, lengths]);
  return parts(x, axis, lengths);
});

function steps(length: number, size: number): number[] {
  const out: number[] = [];
  for (let at = 0; at < length || out.length === 0; at += size) {
    out.push(Math.min(size, length - at));
    if (out.length > 100_000) throw new Unknowable('a split into too many parts');
  }
  return out;
}

function parts(x: Flowing, axis: number, lengths: readonly number[]): Tuple {
  let at = 0;
  return Tuple.with(
    ...lengths.map((length) => {
      const part = narrowed(x, axis, at, length);
      at += length;
      return part;
    }),
  );
}

method('unbind', (_, given) => {
  const x = given.tensor();
  return unbound(x, axisOf(given.whole(1, 'dim', 0), x.shape.length));
});

method('narrow', (_, given) => {
  const x = given.tensor();
  return narrowed(
    x,
    axisOf(given.whole(1, 'dim'), x.shape.length),
    given.whole(2, 'start'),
    given.whole(3, 'length'),
  );
});
method('select', (_, given) => {
  const x = given.tensor();
  return x.view(x.shape.toSpliced(axisOf(given.whole(1, 'dim'), x.shape.length), 1));
});
method('index_select', (_, given) => {
  const x = given.tensor();
  return computed(
    x,
    x.shape.with(axisOf(given.whole(1, 'dim'), x.shape.length), product(given.tensor(2, 'index').shape)),
  );
});
method('gather', (_, given) => computed(given.tensor(), given.tensor(2, 'index').shape));
method('take_along_dim', (_, given) => {
  const [x, index] = [given.tensor(), given.tensor(1, 'indices')];
  const axis = given.at(2, 'dim');
  if (axis === undefined) return computed(x, [product(index.shape)]);
  const at = axisOf(whole(axis, 'dim'), x.shape.length);
  return computed(x, broadcast(x.shape.with(at, 1), index.shape.with(at, 1)).with(at, index.shape[at]!));
});
method('take', (_, given) => computed(given.tensor(), given.tensor(1, 'index').shape));
method('unfold', (_, given) => {
  const x = given.tensor();
  const [axis, size, step] = [
    axisOf(given.whole(1, 'dimension'), x.shape.length),
    given.whole(2, 'size'),
    given.whole(3, 'step'),
  ];
  if (size > x.shape[axis]!) throw mismatch([x.shape, [size]]);
  return computed(x, [...x.shape.with(axis, Math.floor((x.shape[axis]! - size) / step) + 1), size]);
});
method('diagonal', (_, given) => {
  const x = given.tensor();
  const [a, b] = [
    axisOf(given.whole(2, 'dim1', 0), x.shape.length),
    axisOf(given.whole(3, 'dim2', 1), x.shape.length),
  ];
  const offset = given.whole(1, 'offset', 0);
  const length = Math.max(
    0,
    offset >= 0 ? Math.min(x.shape[a]!, x.shape[b]! - offset) : Math.min(x.shape[a]! + offset, x.shape[b]!),
  );
  return computed(x, [...x.shape.filter((_, i) => i !== a && i !== b), length]);
});
method('diag_embed', (_, given) => {
  const x = given.tensor();
  if (given.args.length > 1 || given.named.size > 0) throw new Unknowable('diag_embed with axes');
  return computed(x, [...x.shape, x.shape.at(-1)!]);
});
method('masked_select nonzero unique unique_consecutive argwhere bincount histc', () => {
  throw new Unknowable('a shape depends on the numbers of a tensor');
});
method('roll', (_, given) => computed(given.tensor(), given.tensor().shape));
