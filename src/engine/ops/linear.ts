/** Linear maps. A weight is taken as it lies in its file, in pieces: it is never held as a whole. */
import type { Linear, Parameter } from '../../core/model/module';
import type { Context } from '../context';
import { RunFailure } from '../failure';
import type { Matrix, Operand } from '../kernels/kernels';
import { matrix, tensor, zeros, type Tensor, type Value } from '../tensor';
import type { Op } from './op';
import { sizeOf, withRows, type Piece } from './operand';
import { shapedLinear } from './shapedLinear';

export const linearOp: Op<Linear> = {
  shape: ({ outputs }, [x]) => [...x!.slice(0, -1), outputs],
  positionwise: () => true,
  run: (module, [x], context) => linear(module, x!, context),
};

/** x [s, inputs] → [s, outputs], or the outputs [from, to) alone. */
export async function linear(
  module: Linear,
  x: Value,
  context: Context,
  [from, to] = [0, module.outputs],
): Promise<Tensor> {
  const input = tensor(x);
  const { rows, columns } = matrix(input.shape);
  if (columns !== module.inputs) throw new Error(`a linear of ${module.inputs} inputs got ${columns}`);
  if (module.weight.shape.length > 2) {
    if (from > 0 || to < module.outputs) throw new Error('a part of a linear map whose weight is no matrix');
    return shapedLinear(module, input, context);
  }
  const out = context.zeros(...input.shape.slice(0, -1), to - from);
  const a = { data: input.data, offset: 0, stride: columns };
  const c = { data: out.data, offset: 0, stride: to - from };
  const bias = module.bias && (await vector(module.bias, context)).subarray(from, to);
  if (module.layout === 'output-input') {
    await productInto(context, rows, a, module.weight, from, to, c, bias ?? 'set');
  } else {
    const all = { first: 0, count: module.inputs };
    await transposedInto(context, rows, a, module.weight, all, from, to, c, bias ?? 'set');
  }
  return out;
}

/** What a product does with C: sets it, sets it and adds a bias, or adds to it. */
type Into = 'set' | Float32Array | 'add';

/** C[m, to − from] += A · (rows [from, to) of the weight)ᵀ. */
export function product(
  context: Context,
  m: number,
  a: Matrix,
  weight: Parameter,
  from: number,
  to: number,
  c: Matrix,
): Promise<void> {
  return productInto(context, m, a, weight, from, to, c, 'add');
}

/** As `product`, for rows of a weight [inputs, outputs]. */
export function transposedProduct(
  context: Context,
  m: number,
  a: Matrix,
  weight: Parameter,
  rows: { readonly first: number; readonly count: number },
  from: number,
  to: number,
  c: Matrix,
): Promise<void> {
  return transposedInto(context, m, a, weight, rows, from, to, c, 'add');
}

function productInto(
  context: Context,
  m: number,
  a: Matrix,
  weight: Parameter,
  from: number,
  to: number,
  c: Matrix,
  into: Into,
): Promise<void> {
  const { columns: k } = matrix(weight.shape);
  return withRows(weight, from, to, context, async ({ first, count, operand, of }) => {
    const at = first - from;
    const own = { ...c, offset: c.offset + at };
    const bias = typeof into === 'string' ? {} : { bias: into.subarray(at, at + count) };
    const task = { m, n: count, k, a, b: operand, c: own, accumulate: into === 'add', ...bias };
    if (!(await context.kernels.product(task, context.pace))) throw notFinite(of);
  });
}

/** Rows are the inner axis here: their pieces are summed up. */
function transposedInto(
  context: Context,
  m: number,
  a: Matrix,
  weight: Parameter,
  rows: { readonly first: number; readonly count: number },
  from: number,
  to: number,
  c: Matrix,
  into: Into,
): Promise<void> {
  const use = async ({ first, count, operand, of }: Piece): Promise<void> => {
    const done = first - rows.first;
    const own = { ...a, offset: a.offset + done };
    const bias = done > 0 || typeof into === 'string' ? {} : { bias: into };
    const accumulate = done > 0 || into === 'add';
    const b = fromColumn(operand, from);
    const task = { m, n: to - from, k: count, a: own, b, c, turned: true, accumulate, ...bias };
    if (!(await context.kernels.product(task, context.pace))) throw notFinite(of);
  };
  return withRows(weight, rows.first, rows.first + rows.count, context, use, true);
}

/** The operand without its first columns. */
function fromColumn(operand: Operand, column: number): Operand {
  switch (operand.type) {
    case 'floats':
      return { ...operand, matrix: { ...operand.matrix, offset: operand.matrix.offset + column } };
    case 'stored':
      return { ...operand, bytes: operand.bytes.subarray(column * sizeOf(operand.format)) };
    case 'seeded':
      return { ...operand, column: operand.column + column };
  }
}

function notFinite(of: string): RunFailure {
  return new RunFailure('weights', `${of} has NaN or infinite values; the checkpoint is damaged`);
}

/** C[m, n] += scale · A · Bᵀ of what has been computed. */
export async function tiledMatmul(
  context: Context,
  m: number,
  n: number,
  k: number,
  a: Matrix,
  b: Matrix,
  c: Matrix,
  scale = 1,
): Promise<void> {
  const operand = { type: 'floats', matrix: b } as const;
  await context.kernels.product({ m, n, k, a, b: operand, c, scale, accumulate: true }, context.pace);
}

/** C[m, n] += A · B of what has been computed, B [k, n]. */
export async function turnedMatmul(
  context: Context,
  m: number,
  n: number,
  k: number,
  a: Matrix,
  b: Matrix,
  c: Matrix,
): Promise<void> {
  const operand = { type: 'floats', matrix: b } as const;
  const task = { m, n, k, a, b: operand, c, turned: true, accumulate: true };
  await context.kernels.product(task, context.pace);
}

/** A parameter as a whole; for those of one axis, or small ones. */
export async function vector(parameter: Parameter, context: Context): Promise<Float32Array> {
  const { rows, columns } = matrix(parameter.shape);
  const { data } = zeros(rows, columns);
  await context.weights.rows(parameter, 0, rows, data);
  return data;
}
