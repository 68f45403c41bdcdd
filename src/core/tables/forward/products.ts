/** Products as PyTorch lowers them: to mm, bmm and convolutions, which count, or to sums, which do not. */
import { Refusal, Unknowable } from '../values';
import { broadcast, mismatch, windows, type Shape, type Window } from './shapes';
import type { Tally } from './tally';
import { Flowing, product } from './tensor';

function gradients(...operands: (Flowing | undefined)[]): number {
  return operands.filter((each) => each?.gradient).length;
}

function made(shape: Shape, ...operands: (Flowing | undefined)[]): Flowing {
  return new Flowing(shape, { gradient: gradients(...operands) > 0 });
}

export function matmul(tally: Tally, a: Flowing, b: Flowing, unseen = false): Flowing {
  const [x, y] = [a.shape, b.shape];
  if (x.length === 0 || y.length === 0) throw mismatch([x, y]);
  const inner = x.at(-1)!;
  const rows = y.length === 1 ? y[0]! : y.at(-2)!;
  if (inner !== rows) throw mismatch([x, y]);
  const batch = broadcast(x.slice(0, -2), y.slice(0, -2));
  const out = [...batch, ...(x.length > 1 ? [x.at(-2)!] : []), ...(y.length > 1 ? [y.at(-1)!] : [])];
  // A matrix times a vector is a product that the counter does not see.
  if (y.length > 1) tally.charge([...out, inner], gradients(a, b), unseen);
  return made(out, a, b);
}

/** xWᵀ + b. */
export function linear(tally: Tally, x: Flowing, weight: Flowing, bias?: Flowing): Flowing {
  const [outputs, inputs] = weight.shape;
  if (weight.shape.length !== 2 || x.shape.at(-1) !== inputs) throw mismatch([x.shape, weight.shape]);
  const out = [...x.shape.slice(0, -1), outputs!];
  tally.charge([...out, inputs!], gradients(x, weight));
  return made(out, x, weight, bias);
}

export interface Kernel extends Window {
  readonly groups: number;
  readonly transposed: boolean;
  readonly outputPadding: Shape;
}

/** A convolution over the last axes: [batch, channels, …space], or without the batch. */
export function convolution(
  tally: Tally,
  x: Flowing,
  weight: Flowing,
  kernel: Kernel,
  bias?: Flowing,
): Flowing {
  const axes = weight.shape.length - 2;
  const batched = x.shape.length === axes + 2;
  if (!batched && x.shape.length !== axes + 1) throw mismatch([x.shape, weight.shape]);
  const space = x.shape.slice(-axes);
  const channels = x.shape.at(-axes - 1)!;
  const { groups, transposed, stride, padding, dilation, outputPadding } = kernel;
  const expected = transposed ? weight.shape[0]! : weight.shape[1]! * groups;
  if (channels !== expected)
    throw new Refusal('RuntimeError', `a convolution of ${expected} channels got ${channels}`);
  const outputs = transposed ? weight.shape[1]! * groups : weight.shape[0]!;
  let after: number[];
  if (!transposed) after = windows(space, { ...kernel, kernel: weight.shape.slice(2) });
  else {
    if (padding === 'same') throw new Unknowable('a transposed convolution with same padding');
    after = space.map(
      (length, i) =>
        (length - 1) * stride[i]! -
        2 * padding[i]! +
        dilation[i]! * (weight.shape[i + 2]! - 1) +
        outputPadding[i]! +
        1,
    );
  }
  const batch = batched ? [x.shape[0]!] : [];
  tally.charge([...batch, product(weight.shape), ...(transposed ? space : after)], gradients(x, weight));
  return made([...batch, outputs, ...after], x, weight, bias);
}

/** Einstein's sums, operand by operand from the left. */
export function einsum(tally: Tally, equation: string, operands: readonly Flowing[]): Flowing {
  const [left = '', right] = equation.replaceAll(' ', '').split('->');
  const inputs = left.split(',');
  if (inputs.length !== operands.length)
    throw new Refusal('RuntimeError', 'einsum has other operands than it names');
  // Axes under an ellipsis get names of their own, counted from the last.
  const axes = inputs.map((names, i) => {
    const [before = '', after] = names.split('...');
    if (after === undefined) return [...names];
    const covered = operands[i]!.shape.length - before.length - after.length;
    return [...before, ...Array.from({ length: covered }, (_, j) => `.${covered - j}`), ...after];
  });
  const covered = Math.max(0, ...axes.map((each) => each.filter((name) => name.startsWith('.')).length));
  const ellipsis = Array.from({ length: covered }, (_, j) => `.${covered - j}`);
  const all = axes.flat();
  const output =
    right === undefined
      ? [
          ...ellipsis,
          ...[...new Set(all)]
            .filter((name) => !name.startsWith('.') && all.filter((each) => each === name).length === 1)
            .sort(),
        ]
      : right.includes('...')
        ? [...right.split('...')[0]!, ...ellipsis, ...right.split('...')[1]!]
        : [...right];
  const sizes = operands.map((operand, i) => {
    if (axes[i]!.length !== operand.shape.length) throw mismatch([operand.shape]);
    return new Map(axes[i]!.map((name, axis) => [name, operand.shape[axis]!] as const));
  });
  let current = sizes[0]!;
  let gradient = operands[0]!.gradient;
  for (let i = 1; i < operands.length; i++) {
    const next = sizes[i]!;
    const needed = new Set([...output, ...axes.slice(i + 1).flat()]);
    const joint = new Map<string, number>();
    let contracted = false;
    for (const name of new Set([...current.keys(), ...next.keys()])) {
      const [a, b] = [current.get(name) ?? 1, next.get(name) ?? 1];
      if (a !== b && a !== 1 && b !== 1) throw mismatch([operands[i - 1]!.shape, operands[i]!.shape]);
      if (needed.has(name)) joint.set(name, Math.max(a, b));
      // An axis that one operand has alone is summed before the product.
      else if (a !== 1 && b !== 1) {
        joint.set(name, a);
        contracted = true;
      }
    }
    const operand = operands[i]!;
    if (contracted) tally.charge([...joint.values()], Number(gradient) + Number(operand.gradient));
    gradient ||= operand.gradient;
    current = new Map([...joint].filter(([name]) => needed.has(name)));
  }
  const shape = output.map((name) => {
    const size = current.get(name);
    if (size === undefined) throw new Refusal('RuntimeError', `einsum has no axis ${name}`);
    return size;
  });
  return new Flowing(shape, { gradient });
}

/**
 * Scores, and values weighted with them.
 *
 * @param fused by one function of PyTorch, which the counter does not see on a CPU
 */
export function attention(
  tally: Tally,
  query: Flowing,
  key: Flowing,
  value: Flowing,
  fused = false,
): Flowing {
  const repeated = (of: Flowing) =>
    of.shape.length > 2 && of.shape.at(-3) !== query.shape.at(-3)
      ? of.view([...of.shape.slice(0, -3), query.shape.at(-3)!, ...of.shape.slice(-2)])
      : of;
  const turned = repeated(key);
  const scores = matmul(
    tally,
    query,
    turned.view([...turned.shape.slice(0, -2), turned.shape.at(-1)!, turned.shape.at(-2)!]),
    fused,
  );
  return matmul(tally, scores, repeated(value), fused);
}
