/** What happens to the weighted sums of values between the heads and the output projection. */
import type { Attention, Differential } from '../../../core/model/module';
import type { Context } from '../../context';
import type { AttendTask, Heads } from '../../kernels/kernels';
import type { Tensor } from '../../tensor';
import { activate } from '../activations';
import { linear, vector } from '../linear';
import { norm } from '../norm';

/** Values for the heads, and zeros for their sums. */
export interface Sums {
  readonly values: NonNullable<AttendTask['values']>;
  readonly valueDim: number;
  readonly keyValueHeads: number;
  readonly mixed: Tensor;
}

export function sumsOf(
  module: Attention,
  from: Heads,
  { queries, keys }: { readonly queries: number; readonly keys: number },
  context: Context,
): Sums {
  const { heads, keyValueHeads, valueDim, differential, spanConvolution } = module;
  const paired = differential !== undefined;
  const dim = paired ? 2 * valueDim : valueDim;
  // Convolutions of spans stand behind the heads' sums.
  const width = heads * dim * (spanConvolution === undefined ? 1 : 2);
  const mixed = context.zeros(queries, width);
  const to = { data: mixed.data, offset: 0, stride: width, step: dim };
  const values = paired ? pairs(from, keys, keyValueHeads, valueDim, context) : from;
  return { values: { from: values, to }, valueDim: dim, keyValueHeads, mixed };
}

/** Each head sees the values of two: its own in the first half of the heads, and the one that is half of them later. */
function pairs(from: Heads, keys: number, heads: number, dim: number, context: Context): Heads {
  const out = context.zeros(keys, heads * 2 * dim);
  const half = heads / 2;
  for (let row = 0; row < keys; row++) {
    for (let head = 0; head < 2 * heads; head++) {
      const own = (Math.floor(head / 2) % half) + (head % 2) * half;
      const at = from.offset + row * from.stride + own * from.step;
      out.data.set(from.data.subarray(at, at + dim), (row * 2 * heads + head) * dim);
    }
  }
  return { data: out.data, offset: 0, stride: 2 * heads * dim, step: 2 * dim };
}

/** Differences, norm and gate of the heads' sums, then the output projection. @param x that the gate is made of. */
export async function output(
  module: Attention,
  sums: Sums,
  gates: Tensor | undefined,
  x: Tensor,
  context: Context,
): Promise<Tensor> {
  const { differential, outputNorm, gate, gateActivation = 'sigmoid' } = module;
  let { mixed } = sums;
  if (differential !== undefined) mixed = await differences(differential, mixed, context);
  if (outputNorm !== undefined) mixed = await norm(outputNorm, mixed, context);
  if (gate !== undefined) {
    const own = gate === 'query' ? gates! : await linear(gate, x, context);
    await activate(gateActivation, own.data, context);
    multiplyHeads(mixed, own);
  }
  return linear(module.output, mixed, context);
}

/** Each number of x, or each head's vector of it, times its gate: one gate an element, or one a head. */
function multiplyHeads(x: Tensor, gates: Tensor): void {
  const dim = x.data.length / gates.data.length;
  for (let i = 0; i < x.data.length; i++) x.data[i] = x.data[i]! * gates.data[Math.floor(i / dim)]!;
}

/** norm(first half of the heads − λ · second half) · (1 − initial): [s, heads · dim] → [s, heads · dim / 2]. */
async function differences(
  { lambdas, initial, norm: ofPairs }: Differential,
  mixed: Tensor,
  context: Context,
): Promise<Tensor> {
  const { q1, k1, q2, k2 } = lambdas;
  const dot = async (a: typeof q1, b: typeof q1): Promise<number> => {
    const [left, right] = [await vector(a, context), await vector(b, context)];
    return left.reduce((sum, value, i) => sum + value * right[i]!, 0);
  };
  const lambda = Math.exp(await dot(q1, k1)) - Math.exp(await dot(q2, k2)) + initial;
  const [length, width] = [mixed.shape[0]!, mixed.shape[1]! / 2];
  const out = context.zeros((length * width) / ofPairs.width, ofPairs.width);
  for (let row = 0; row < length; row++) {
    for (let i = 0; i < width; i++) {
      const at = row * 2 * width + i;
      out.data[row * width + i] = mixed.data[at]! - lambda * mixed.data[at + width]!;
    }
  }
  const normal = await norm(ofPairs, out, context);
  for (let i = 0; i < normal.data.length; i++) normal.data[i] = normal.data[i]! * (1 - initial);
  return { shape: [length, width], data: normal.data };
}
