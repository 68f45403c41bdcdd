/** Mixture of experts: the tokens of an expert run through it together, and no other expert's weights are read. */
import type { Experts } from '../../core/model/module';
import type { Context } from '../context';
import { tensor, zeros, type Tensor, type Value } from '../tensor';
import { activate } from './activations';
import { product, vector } from './linear';
import { mlp } from './mlp';
import { route } from './routing';

/** A token of an expert, and the expert's share in its output. */
interface Assigned {
  readonly token: number;
  readonly weight: number;
}

/** [s, width] → [s, width]. */
export async function experts(module: Experts, input: Value, context: Context): Promise<Tensor> {
  const x = tensor(input);
  const out = zeros(...x.shape);
  const assigned = await assignments(module, x, context);
  for (const [expert, tokens] of assigned) await runExpert(module, expert, tokens, x, out, context);
  if (module.shared !== undefined) {
    const shared = await mlp(module.shared, x, context);
    for (let i = 0; i < out.data.length; i++) out.data[i] = out.data[i]! + shared.data[i]!;
  }
  return out;
}

/** Expert → its tokens, for the experts that have any. */
async function assignments(module: Experts, x: Tensor, context: Context): Promise<Map<number, Assigned[]>> {
  const length = x.shape[0]!;
  const { count, width, routing } = module;
  const logits = zeros(length, count);
  const a = { data: x.data, offset: 0, stride: width };
  await product(context, length, a, module.router, 0, count, { data: logits.data, offset: 0, stride: count });
  const correction = routing.type === 'sigmoidGroups' ? await vector(routing.correction, context) : undefined;
  const assigned = new Map<number, Assigned[]>();
  for (let token = 0; token < length; token++) {
    const own = logits.data.subarray(token * count, (token + 1) * count);
    for (const { expert, weight } of route(module, own, correction)) {
      const tokens = assigned.get(expert) ?? [];
      assigned.set(expert, tokens);
      tokens.push({ token, weight });
    }
    await context.pace.step();
  }
  return assigned;
}

async function runExpert(
  module: Experts,
  expert: number,
  tokens: readonly Assigned[],
  x: Tensor,
  out: Tensor,
  context: Context,
): Promise<void> {
  const { width, intermediate } = module;
  const m = tokens.length;
  const own = zeros(m, width).data;
  tokens.forEach(({ token }, i) => own.set(x.data.subarray(token * width, (token + 1) * width), i * width));
  const a = { data: own, offset: 0, stride: width };
  const half = async (first: number): Promise<Float32Array> => {
    const { data } = zeros(m, intermediate);
    const from = expert * 2 * intermediate + first;
    await product(context, m, a, module.gateUp, from, from + intermediate, {
      data,
      offset: 0,
      stride: intermediate,
    });
    return data;
  };
  const gate = await half(0);
  const up = await half(intermediate);
  await activate(module.activation, gate, context.pace);
  for (let i = 0; i < gate.length; i++) gate[i] = gate[i]! * up[i]!;
  const result = zeros(m, width).data;
  const inner = { data: gate, offset: 0, stride: intermediate };
  await product(context, m, inner, module.down, expert * width, (expert + 1) * width, {
    data: result,
    offset: 0,
    stride: width,
  });
  tokens.forEach(({ token, weight }, i) => {
    for (let j = 0; j < width; j++) out.data[token * width + j]! += weight * result[i * width + j]!;
  });
}
