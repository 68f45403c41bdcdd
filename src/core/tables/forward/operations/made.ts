/** Tensors made of others: the same elements in another shape, order or number. */
import { Refusal, Slice, Tuple, type Value } from '../../values';
import { axisOf, mismatch, sliceLength, type Shape } from '../shapes';
import { Flowing, product, type Kind } from '../tensor';

/** The same elements in another shape; numbers stay where their order does. */
export function reshaped(x: Flowing, shape: Shape, sameOrder = true): Flowing {
  return x.view(shape, sameOrder ? x.numbers : undefined);
}

export function computed(x: Flowing, shape: Shape, kind: Kind = x.kind): Flowing {
  return new Flowing(shape, { kind, gradient: x.gradient });
}

/** Elements in an order that a function of indices gives, where they are few. */
export function picked(x: Flowing, shape: Shape, from: (index: readonly number[]) => number): Flowing {
  const { numbers } = x;
  if (numbers === undefined || product(shape) > 4096) return x.view(shape);
  const values: number[] = [];
  const index = shape.map(() => 0);
  for (let i = 0; i < product(shape); i++) {
    values.push(numbers[from(index)]!);
    for (let axis = shape.length - 1; axis >= 0 && ++index[axis]! === shape[axis]; axis--) index[axis] = 0;
  }
  return x.view(shape, values);
}

export function permuted(x: Flowing, order: readonly number[]): Flowing {
  const axes = order.map((axis) => axisOf(axis, x.shape.length));
  if (axes.length !== x.shape.length) throw mismatch([x.shape, order]);
  const strides = axes.map((axis) => product(x.shape.slice(axis + 1)));
  return picked(
    x,
    axes.map((axis) => x.shape[axis]!),
    (index) => index.reduce((sum, at, i) => sum + at * strides[i]!, 0),
  );
}

/** A stretch of an axis. */
export function narrowed(x: Flowing, axis: number, from: number, length: number): Flowing {
  const shape = x.shape.with(axis, length);
  const strides = x.shape.map((_, i) => product(x.shape.slice(i + 1)));
  return picked(x, shape, (index) =>
    index.reduce((sum, at, i) => sum + (at + (i === axis ? from : 0)) * strides[i]!, 0),
  );
}

/** Slices of size one along an axis, without it. */
export function unbound(x: Flowing, axis: number): Tuple {
  return Tuple.with(
    ...Array.from({ length: x.shape[axis] ?? 0 }, (_, i) =>
      reshaped(narrowed(x, axis, i, 1), x.shape.toSpliced(axis, 1)),
    ),
  );
}

/** A tensor of one number. */
export function filled(shape: Shape, fill: Value | undefined, kind: Kind): Flowing {
  const number = typeof fill === 'boolean' ? Number(fill) : fill;
  const count = product(shape);
  const values =
    typeof number === 'number' && count <= 4096 ? Array.from({ length: count }, () => number) : undefined;
  return new Flowing(shape, { values, kind });
}

/** Elements that an index picks, by a slice or number of the first axis where that is all. */
export function sliceOf(x: Flowing, index: Value): Flowing | undefined {
  if (typeof index === 'number') {
    const axis = x.shape[0];
    if (axis === undefined) return undefined;
    const at = index < 0 ? index + axis : index;
    if (at < 0 || at >= axis)
      throw new Refusal('IndexError', `index ${index} is out of bounds for an axis of ${axis}`);
    return reshaped(narrowed(x, 0, at, 1), x.shape.slice(1));
  }
  if (index instanceof Slice && index.step === 1 && x.shape.length > 0) {
    const from =
      index.from === undefined ? 0 : index.from < 0 ? Math.max(0, x.shape[0]! + index.from) : index.from;
    return narrowed(x, 0, Math.min(from, x.shape[0]!), sliceLength(x.shape[0]!, index));
  }
  return undefined;
}
