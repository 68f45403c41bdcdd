/** Mixture of experts: the tokens of an expert run through it together, and no other expert's weights are read. */
import type { Experts } from '../../../core/model/module';
import type { Context } from '../../context';
import { tensor, type Tensor, type Value } from '../../tensor';
import { activate, unknownActivation } from '../activations';
import { product, vector } from '../linear';
import { missingFromMlp, mlp } from '../mlp';
import type { Op } from '../op';
import { route } from './routing';

export const expertsOp: Op<Experts> = {
  shape: (_, [x]) => x!,
  largest: ({ intermediate, count, shared }, [x]) =>
    x![0]! * Math.max(intermediate, count, shared?.up.outputs ?? 0),
  missing: (module) => {
    const { type } = module.routing;
    if (type !== 'softmaxTopK' && type !== 'sigmoidGroups') return `routing "${type}"`;
    if (module.gated === false) return 'experts without a gate';
    if (module.layout !== undefined || module.interleaved) return 'experts with transposed tensors';
    if (module.biases !== undefined || module.routerBias !== undefined) return 'experts with biases';
    if (module.clamp !== undefined) return 'experts with clamped gates';
    if (module.identities !== undefined) return 'choices that are no expert';
    if (module.sharedGate !== undefined) return 'a gate on shared experts';
    const shared = module.shared === undefined ? undefined : missingFromMlp(module.shared);
    return shared ?? unknownActivation(module.activation);
  },
  run: (module, [x], context) => experts(module, x!, context),
};

/** A token of an expert, and the expert's share in its output. */
interface Assigned {
  readonly token: number;
  readonly weight: number;
}

/** [s, width] → [s, width]. */
async function experts(module: Experts, input: Value, context: Context): Promise<Tensor> {
  const x = tensor(input);
  const out = context.zeros(...x.shape);
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
  const logits = context.zeros(length, count);
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
  const own = context.zeros(m, width).data;
  tokens.forEach(({ token }, i) => own.set(x.data.subarray(token * width, (token + 1) * width), i * width));
  const a = { data: own, offset: 0, stride: width };
  const half = async (first: number): Promise<Float32Array> => {
    const { data } = context.zeros(m, intermediate);
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
  const result = context.zeros(m, width).data;
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
