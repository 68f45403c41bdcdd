/** Operations element by element: shapes are broadcast, numbers calculated where they are known. */
import { Unknowable, type Value } from '../values';
import { broadcast, type Shape } from './shapes';
import { Flowing, flowing, product, type Kind } from './tensor';

type Calculation = (a: number, b: number) => number;

const ARITHMETIC: Readonly<Record<string, Calculation>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '//': (a, b) => Math.floor(a / b),
  '%': (a, b) => a - b * Math.floor(a / b),
  '**': (a, b) => a ** b,
  '&': (a, b) => a & b,
  '|': (a, b) => a | b,
  '^': (a, b) => a ^ b,
  '<<': (a, b) => a * 2 ** b,
  '>>': (a, b) => Math.floor(a / 2 ** b),
  max: Math.max,
  min: Math.min,
};

const COMPARISONS: Readonly<Record<string, Calculation>> = {
  '==': (a, b) => Number(a === b),
  '!=': (a, b) => Number(a !== b),
  '<': (a, b) => Number(a < b),
  '<=': (a, b) => Number(a <= b),
  '>': (a, b) => Number(a > b),
  '>=': (a, b) => Number(a >= b),
};

/** Place of each element of a broadcast result in an operand. */
function places(shape: Shape, out: Shape): number[] {
  const offset = out.length - shape.length;
  const strides = out.map((_, axis) => {
    const own = axis - offset;
    return own < 0 || shape[own] === 1 ? 0 : product(shape.slice(own + 1));
  });
  const total = product(out);
  const found: number[] = [];
  const index = out.map(() => 0);
  for (let i = 0; i < total; i++) {
    found.push(index.reduce((sum, each, axis) => sum + each * strides[axis]!, 0));
    for (let axis = out.length - 1; axis >= 0 && ++index[axis]! === out[axis]; axis--) index[axis] = 0;
  }
  return found;
}

/** Numbers in another shape that they are broadcast to. */
export function spread(
  numbers: readonly number[] | undefined,
  shape: Shape,
  out: Shape,
): number[] | undefined {
  if (numbers === undefined || product(out) > 4096) return undefined;
  return places(shape, out).map((place) => numbers[place]!);
}

export function elementwise(operation: string, left: Value, right: Value): Flowing {
  const [a, b] = [flowing(left), flowing(right)];
  const shape = broadcast(a.shape, b.shape);
  const compared = COMPARISONS[operation];
  const calculate = compared ?? ARITHMETIC[operation];
  if (calculate === undefined) throw new Unknowable(`the operator ${operation} of tensors`);
  const [x, y] = [spread(a.numbers, a.shape, shape), spread(b.numbers, b.shape, shape)];
  const values = x !== undefined && y !== undefined ? x.map((each, i) => calculate(each, y[i]!)) : undefined;
  if (compared !== undefined) return new Flowing(shape, { values, kind: 'bool' });
  return new Flowing(shape, {
    values,
    kind: joined(operation, a.kind, b.kind),
    gradient: a.gradient || b.gradient,
  });
}

function joined(operation: string, a: Kind, b: Kind): Kind {
  if (a === 'float' || b === 'float' || operation === '/') return 'float';
  return a === 'int' || b === 'int' ? 'int' : 'bool';
}

/** A function of each element. */
export function mapped(
  x: Flowing,
  run: ((value: number) => number) | undefined,
  kind: Kind = x.kind,
): Flowing {
  const { numbers } = x;
  return new Flowing(x.shape, {
    values: run === undefined ? undefined : numbers?.map(run),
    kind,
    gradient: kind === 'float' && x.gradient,
  });
}
