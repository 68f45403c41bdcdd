/** Linear maps over weights that are read in chunks: the matrix is never held as a whole. */
import type { Linear, Parameter } from '../../core/model/module';
import type { Context } from '../context';
import type { Matrix } from '../kernels/kernels';
import { matrix, tensor, zeros, type Tensor, type Value } from '../tensor';
import type { Leaf, Op } from './op';

/** Weights held at a time, in elements. */
const CHUNK = 1 << 18;

/** Multiply–accumulates between two looks at the clock: a few milliseconds of plain arithmetic. */
const WORK = 1 << 23;

export const linearOp: Op<Linear> = {
  shape: ({ outputs }, [x]) => [...x!.slice(0, -1), outputs],
  missing: grouped,
  positionwise: () => true,
  run: (module, [x], context) => linear(module, x!, context),
};

/** A linear map in groups, alone or as a part of another module. */
export function grouped(module: Leaf): string | undefined {
  const all = [module, ...Object.values(module.children)];
  const found = all.some((each) => each.kind === 'linear' && (each.groups ?? 1) > 1);
  return found ? 'linear maps in groups' : undefined;
}

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
  const out = context.zeros(...input.shape.slice(0, -1), to - from);
  const a = { data: input.data, offset: 0, stride: columns };
  const c = { data: out.data, offset: 0, stride: to - from };
  if (module.layout === 'output-input') {
    await product(context, rows, a, module.weight, from, to, c);
  } else {
    const all = { first: 0, count: module.inputs };
    await transposedProduct(context, rows, a, module.weight, all, from, to, c);
  }
  if (module.bias !== undefined) addRow(out.data, await vector(module.bias, context), from, to);
  return out;
}

/** C[m, to − from] += A · (rows [from, to) of the weight)ᵀ. */
export async function product(
  context: Context,
  m: number,
  a: Matrix,
  weight: Parameter,
  from: number,
  to: number,
  c: Matrix,
): Promise<void> {
  const { columns: k } = matrix(weight.shape);
  const step = Math.max(4, Math.floor(CHUNK / k));
  for (let row = from; row < to; row += step) {
    const count = Math.min(step, to - row);
    const chunk = context.scratch(count * k);
    await context.weights.rows(weight, row, count, chunk);
    const b = { data: chunk, offset: 0, stride: k };
    await tiledMatmul(context, m, count, k, a, b, { ...c, offset: c.offset + row - from });
  }
}

/** As `product`, for rows of a weight [inputs, outputs]: chunks of inputs are turned round and summed up. */
export async function transposedProduct(
  context: Context,
  m: number,
  a: Matrix,
  weight: Parameter,
  { first, count }: { readonly first: number; readonly count: number },
  from: number,
  to: number,
  c: Matrix,
): Promise<void> {
  const { columns } = matrix(weight.shape);
  const n = to - from;
  const step = Math.max(4, Math.floor(CHUNK / columns));
  for (let row = 0; row < count; row += step) {
    const k = Math.min(step, count - row);
    const both = context.scratch(k * columns + k * n);
    await context.weights.rows(weight, first + row, k, both);
    const turned = both.subarray(k * columns, k * columns + k * n);
    transpose(both, from, columns, k, n, turned);
    const b = { data: turned, offset: 0, stride: k };
    await tiledMatmul(context, m, n, k, { ...a, offset: a.offset + row }, b, c);
  }
}

/** out[j, i] = source[i, offset + j] for i < rows, j < columns. */
function transpose(
  source: Float32Array,
  offset: number,
  stride: number,
  rows: number,
  columns: number,
  out: Float32Array,
): void {
  for (let i = 0; i < rows; i++) {
    const start = offset + i * stride;
    for (let j = 0; j < columns; j++) out[j * rows + i] = source[start + j]!;
  }
}

/** C[m, n] += scale · A · Bᵀ in pieces between which the event loop may get its turn. */
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
  const wide = Math.min(n, Math.max(4, 4 * Math.floor(WORK / (64 * k) / 4)));
  const high = Math.min(m, Math.max(4, 4 * Math.floor(WORK / (wide * k) / 4)));
  for (let i = 0; i < m; i += high) {
    for (let j = 0; j < n; j += wide) {
      context.kernels.matmul(
        Math.min(high, m - i),
        Math.min(wide, n - j),
        k,
        { ...a, offset: a.offset + i * a.stride },
        { ...b, offset: b.offset + j * b.stride },
        { ...c, offset: c.offset + i * c.stride + j },
        scale,
      );
      await context.pace.step();
    }
  }
}

/** A parameter as a whole; for those of one axis, or small ones. */
export async function vector(parameter: Parameter, context: Context): Promise<Float32Array> {
  const { rows, columns } = matrix(parameter.shape);
  const { data } = zeros(rows, columns);
  await context.weights.rows(parameter, 0, rows, data);
  return data;
}

function addRow(out: Float32Array, bias: Float32Array, from: number, to: number): void {
  const width = to - from;
  for (let start = 0; start < out.length; start += width) {
    for (let j = 0; j < width; j++) out[start + j] = out[start + j]! + bias[from + j]!;
  }
}
