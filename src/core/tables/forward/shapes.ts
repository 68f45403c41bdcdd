/** PyTorch's rules of shapes. */
import { Namespace, Refusal, Slice, Tensor, Tuple, Unknowable, type Value } from '../values';
import { flowing, product } from './tensor';

export type Shape = readonly number[];

/** An axis counted from the front, of so many. */
export function axisOf(axis: number, rank: number): number {
  const found = axis < 0 ? axis + rank : axis;
  if (found < 0 || found >= Math.max(1, rank)) {
    throw new Refusal('IndexError', `Dimension out of range: ${axis} of ${rank}`);
  }
  return found;
}

export function broadcast(...shapes: Shape[]): number[] {
  const rank = Math.max(...shapes.map(({ length }) => length));
  return Array.from({ length: rank }, (_, axis) => {
    let size = 1;
    for (const shape of shapes) {
      const each = shape[axis - rank + shape.length] ?? 1;
      if (each === 1 || each === size) continue;
      if (size !== 1) throw mismatch(shapes);
      size = each;
    }
    return size;
  });
}

export function mismatch(shapes: readonly Shape[]): Refusal {
  return new Refusal(
    'RuntimeError',
    `sizes do not match: ${shapes.map((shape) => `[${shape.join(', ')}]`).join(' and ')}`,
  );
}

/** Sizes with −1 for what is left. */
export function viewed(shape: Shape, sizes: Shape): number[] {
  const total = product(shape);
  if (!sizes.includes(-1)) {
    if (product(sizes) !== total) throw mismatch([shape, sizes]);
    return [...sizes];
  }
  const known = -product(sizes);
  const rest = known === 0 ? 0 : total / known;
  if (!Number.isInteger(rest)) throw mismatch([shape, sizes]);
  return sizes.map((size) => (size === -1 ? rest : size));
}

export function expanded(shape: Shape, sizes: Shape): number[] {
  const offset = sizes.length - shape.length;
  if (offset < 0) throw mismatch([shape, sizes]);
  return sizes.map((size, axis) => {
    const own = shape[axis - offset];
    if (size === -1) return own ?? 1;
    if (own !== undefined && own !== 1 && own !== size) throw mismatch([shape, sizes]);
    return size;
  });
}

export function flattened(shape: Shape, from = 0, to = -1): number[] {
  if (shape.length === 0) return [1];
  const [a, b] = [axisOf(from, shape.length), axisOf(to, shape.length)];
  return [...shape.slice(0, a), product(shape.slice(a, b + 1)), ...shape.slice(b + 1)];
}

export function swapped(shape: Shape, a: number, b: number): number[] {
  const out = [...shape];
  if (out.length === 0) return out;
  const [i, j] = [axisOf(a, out.length), axisOf(b, out.length)];
  [out[i], out[j]] = [out[j]!, out[i]!];
  return out;
}

/** Length of what a slice takes. */
export function sliceLength(length: number, { from, to, step }: Slice): number {
  const bound = (given: number | undefined, fallback: number) =>
    given === undefined ? fallback : Math.max(0, Math.min(length, given < 0 ? length + given : given));
  return Math.max(0, Math.ceil((bound(to, length) - bound(from, 0)) / step));
}

/** Shape of `tensor[index]`. */
export function indexed(shape: Shape, index: Value): number[] {
  const parts: Value[] = index instanceof Tuple ? [...index] : [index];
  const consumed = (part: Value): number => {
    if (part === null || part === true || part === false) return 0;
    if (part instanceof Namespace) return 0;
    if (part instanceof Tensor && isMask(part)) return flowing(part).shape.length;
    return 1;
  };
  const taken = parts.reduce((sum: number, part) => sum + consumed(part), 0);
  if (taken > shape.length)
    throw new Refusal('IndexError', `too many indices for a tensor of ${shape.length} axes`);
  const out: number[] = [];
  const advanced: { shape: Shape; at: number }[] = [];
  let separated = false;
  let axis = 0;
  for (const part of parts) {
    const adjacent = advanced.length === 0 || advanced.at(-1)!.at === out.length;
    if (part === null) out.push(1);
    else if (part instanceof Namespace) {
      if (part.path !== '...') throw new Unknowable(`the index ${part.path}`);
      const skipped = shape.length - taken;
      out.push(...shape.slice(axis, axis + skipped));
      axis += skipped;
    } else if (part instanceof Slice) out.push(sliceLength(shape[axis++]!, part));
    else if (typeof part === 'number') {
      // An index among tensors is a tensor too, and in the place of an axis.
      axisOf(part, shape[axis++]!);
    } else {
      const picked = part instanceof Tensor ? flowing(part) : undefined;
      if (picked !== undefined && isMask(picked)) {
        if (picked.numbers === undefined)
          throw new Unknowable('how many elements a mask picks depends on values');
        axis += picked.shape.length;
        if (!adjacent) separated = true;
        advanced.push({ shape: [picked.numbers.filter((each) => each !== 0).length], at: out.length });
      } else {
        const list = picked === undefined && Array.isArray(part) ? nested(part) : picked?.shape;
        if (list === undefined) throw new Unknowable('an index is computed');
        axis++;
        if (!adjacent) separated = true;
        advanced.push({ shape: list, at: out.length });
      }
    }
  }
  out.push(...shape.slice(axis));
  if (advanced.length === 0) return out;
  const common = broadcast(...advanced.map((each) => each.shape));
  out.splice(separated ? 0 : advanced[0]!.at, 0, ...common);
  return out;
}

function isMask(tensor: Tensor): boolean {
  return (tensor as { kind?: string }).kind === 'bool';
}

/** Shape of nested lists. */
export function nested(value: Value): number[] | undefined {
  if (value instanceof Tensor) return value.shape && [...value.shape];
  if (!Array.isArray(value)) return typeof value === 'number' || typeof value === 'boolean' ? [] : undefined;
  const inner = value.length === 0 ? [] : nested(value[0]!);
  return inner && [value.length, ...inner];
}

/** Shape after a convolution or a pool over the last axes. */
export interface Window {
  readonly kernel: Shape;
  readonly stride: Shape;
  readonly padding: Shape | 'same';
  readonly dilation: Shape;
  readonly ceil?: boolean;
}

export function windows(space: Shape, { kernel, stride, padding, dilation, ceil = false }: Window): number[] {
  return space.map((length, i) => {
    if (padding === 'same') return length;
    const reach = dilation[i]! * (kernel[i]! - 1) + 1;
    const free = length + 2 * padding[i]! - reach;
    if (free < 0 && !ceil)
      throw new Refusal('RuntimeError', `a kernel of ${reach} is larger than its input of ${length}`);
    if (!ceil) return Math.floor(free / stride[i]!) + 1;
    const count = Math.ceil(free / stride[i]!) + 1;
    // A window that would begin in the padding behind is left out.
    return (count - 1) * stride[i]! >= length + padding[i]! ? count - 1 : count;
  });
}
