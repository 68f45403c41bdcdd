/** Attributes and methods of tensors: what they make of shapes. */
import { Callable, Dict, elementsOf, integer, Opaque, Tensor, Tuple, type Value } from './values';

/** Where tensors without memory are. */
export const META = new Dict([['type', 'meta']]);

/** Axes from `from` on made one. */
export function flattened(shape: readonly number[], from: number): readonly number[] {
  return [...shape.slice(0, from), product(shape.slice(from))];
}

function product(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

/** Sizes given one by one or as a list, with −1 for what is left of `total`. */
function sizes(args: readonly Value[], total?: number): readonly number[] | undefined {
  const given = Array.isArray(args[0]) ? args[0] : args;
  if (given.some((each) => typeof each !== 'number')) return undefined;
  const found = given as readonly number[];
  if (!found.includes(-1)) return found;
  if (total === undefined) return undefined;
  const known = -product(found);
  return found.map((each) => (each === -1 ? total / known : each));
}

/** Methods that change no shape. */
const SAME_SHAPE: ReadonlySet<string> = new Set([
  'float', 'double', 'half', 'bool', 'int', 'long', 'to', 'type', 'contiguous', 'clone', 'detach', 'cpu', 'cuda',
  'normal_', 'uniform_', 'zero_', 'fill_', 'mul_', 'add_', 'exp', 'log', 'sqrt', 'sin', 'cos', 'pow', 'abs', 'round',
  'clamp', 'requires_grad_', 'neg', 'floor', 'ceil', 'logical_not', 'flip', 'tril', 'triu', 'masked_fill',
  'data',
]); // prettier-ignore

export function tensorAttribute(self: Tensor, name: string): Value | undefined {
  const { shape } = self;
  const result = (made: readonly number[] | undefined) => new Tensor(made);
  switch (name) {
    case 'shape':
      return shape === undefined ? new Opaque('the shape of a tensor') : Tuple.with(...shape);
    case 'size':
      return new Callable(name, ([axis]) => {
        if (shape === undefined) return new Opaque('the shape of a tensor');
        return axis === undefined ? Tuple.with(...shape) : (shape.at(integer(axis, 'an axis')) ?? null);
      });
    case 'numel':
      return new Callable(name, () => (shape === undefined ? new Opaque('a shape') : product(shape)));
    case 'ndim':
      return shape === undefined ? new Opaque('a shape') : shape.length;
    case 'dim':
      return new Callable(name, () => (shape === undefined ? new Opaque('a shape') : shape.length));
    case 'T':
      return result(shape && [...shape].reverse());
    case 't':
      return new Callable(name, () => result(shape && [...shape].reverse()));
    case 'data':
      return result(shape);
    case 'requires_grad':
      return true;
    case 'device':
      return META;
    case 'item':
    case 'tolist':
      if (self.values !== undefined) {
        const numbers = [...self.values];
        return new Callable(name, () => (name === 'item' ? numbers[0]! : numbers));
      }
      return new Callable(name, () => new Opaque(`a tensor's ${name}`));
    case 'max':
    case 'min':
    case 'sum':
    case 'mean':
    case 'std':
    case 'var':
    case 'norm':
    case 'prod':
    case 'any':
    case 'all':
      return new Callable(name, ([axis], named) => {
        const at = axis ?? named.get('dim');
        if (at === undefined) return result([]);
        return result(
          typeof at === 'number' ? shape?.toSpliced(at < 0 ? at + shape.length : at, 1) : undefined,
        );
      });
    case 'view':
    case 'reshape':
      return new Callable(name, (args) => result(shape && sizes(args, product(shape))));
    case 'cumsum':
      return new Callable(name, () => new Tensor(shape, self.values && cumulated(self.values)));
    case 'split':
      return new Callable(name, ([lengths]) => splits(self, lengths!));
    case 'unsqueeze':
      return new Callable(name, ([axis]) => {
        if (shape === undefined) return result(undefined);
        const at = integer(axis, 'an axis');
        return result(shape.toSpliced(at < 0 ? shape.length + 1 + at : at, 0, 1));
      });
    case 'squeeze':
      return new Callable(name, ([axis]) =>
        result(shape?.filter((size, i) => size !== 1 || (axis !== undefined && i !== axis))),
      );
    case 'expand':
      return new Callable(name, (args) => {
        const given = (Array.isArray(args[0]) ? args[0] : args) as readonly number[];
        if (given.some((each) => typeof each !== 'number')) return result(undefined);
        if (shape === undefined) return result(undefined);
        const offset = given.length - shape.length;
        return result(given.map((size, i) => (size === -1 ? shape[i - offset]! : size)));
      });
    case 'repeat':
      return new Callable(name, (args) => {
        const times = sizes(args);
        if (times === undefined || shape === undefined) return result(undefined);
        const offset = times.length - shape.length;
        return result(times.map((count, i) => count * (shape[i - offset] ?? 1)));
      });
    case 'transpose':
      return new Callable(name, ([a, b]) => {
        if (shape === undefined) return result(undefined);
        const out = [...shape];
        const [i, j] = [a, b].map((axis) => (integer(axis, 'an axis') + out.length) % out.length) as [
          number,
          number,
        ];
        [out[i], out[j]] = [out[j]!, out[i]!];
        return result(out);
      });
    case 'permute':
      return new Callable(name, (args) => {
        const order = sizes(args);
        return result(shape && order?.map((axis) => shape.at(axis)!));
      });
    case 'flatten':
      return new Callable(name, ([from = 0]) => result(shape && flattened(shape, integer(from, 'an axis'))));
    default:
      if (SAME_SHAPE.has(name)) return new Callable(name, () => keep(self));
      return new Callable(name, () => result(undefined));
  }
}

export function cumulated(values: readonly number[]): number[] {
  let sum = 0;
  return values.map((each) => (sum += each));
}

/** A list of numbers in parts of given lengths. */
function splits({ values = [] }: Tensor, lengths: Value): Value[] {
  let at = 0;
  const each =
    typeof lengths === 'number'
      ? Array.from({ length: Math.ceil(values.length / lengths) }, () => lengths)
      : elementsOf(lengths);
  return each.map((given) => {
    const part = values.slice(at, (at += integer(given, 'a length')));
    return new Tensor([part.length], part);
  });
}

/** In-place and type-changing methods leave a parameter one. */
function keep(self: Tensor): Tensor {
  return self.parameter ? self : new Tensor(self.shape);
}
