/** Mixture of experts: the tokens of an expert run through it together, and no other expert's weights are read. */
import type { Experts } from '../../../core/model/module';
import type { Context } from '../../context';
import { tensor, type Tensor, type Value } from '../../tensor';
import { activate, unknownActivation } from '../activations';
import { linear, product, vector } from '../linear';
import { missingFromMlp, mlp } from '../mlp';
import type { Op } from '../op';
import { runExpert, type Assigned } from './expert';
import { route } from './routing';

export const expertsOp: Op<Experts> = {
  shape: (_, [x]) => x!,
  largest: ({ intermediate, count, identities = 0, shared }, [x]) =>
    x![0]! * Math.max(2 * intermediate, count + identities, shared?.up.outputs ?? 0),
  missing: ({ shared, activation }) =>
    (shared === undefined ? undefined : missingFromMlp(shared)) ?? unknownActivation(activation),
  run: (module, [x], context) => experts(module, x!, context),
};

/** [s, width] → [s, width]. */
async function experts(module: Experts, input: Value, context: Context): Promise<Tensor> {
  const x = tensor(input);
  const out = context.zeros(...x.shape);
  const assigned = await assignments(module, x, context);
  for (const [expert, tokens] of assigned) {
    if (expert < module.count) await runExpert(module, expert, tokens, x, out, context);
    else for (const { token, weight } of tokens) addToken(out, token, x, weight);
  }
  if (module.shared !== undefined) await addShared(module, module.shared, x, out, context);
  return out;
}

/** A choice that is no expert gives the token back. */
function addToken(out: Tensor, token: number, x: Tensor, weight: number): void {
  const width = x.shape[1]!;
  for (let i = token * width; i < (token + 1) * width; i++) out.data[i] = out.data[i]! + weight * x.data[i]!;
}

async function addShared(
  { sharedGate }: Experts,
  shared: NonNullable<Experts['shared']>,
  x: Tensor,
  out: Tensor,
  context: Context,
): Promise<void> {
  const { data } = await mlp(shared, x, context);
  const gate = sharedGate && (await linear(sharedGate, x, context));
  if (gate !== undefined) await activate('sigmoid', gate.data, context);
  const width = x.shape[1]!;
  for (let i = 0; i < data.length; i++) {
    out.data[i] = out.data[i]! + data[i]! * (gate?.data[Math.floor(i / width)] ?? 1);
  }
}

/** Expert → its tokens, for the experts that have any. */
async function assignments(module: Experts, x: Tensor, context: Context): Promise<Map<number, Assigned[]>> {
  const length = x.shape[0]!;
  const { width, routing, routerBias } = module;
  const count = module.count + (module.identities ?? 0);
  const logits = context.zeros(length, count);
  const a = { data: x.data, offset: 0, stride: width };
  await product(context, length, a, module.router, 0, count, { data: logits.data, offset: 0, stride: count });
  const bias = routerBias && (await vector(routerBias, context));
  const correction =
    'correction' in routing && routing.correction !== undefined
      ? await vector(routing.correction, context)
      : undefined;
  const assigned = new Map<number, Assigned[]>();
  for (let token = 0; token < length; token++) {
    const own = logits.data.subarray(token * count, (token + 1) * count);
    bias?.forEach((each, i) => (own[i] = own[i]! + each));
    for (const { expert, ...share } of route(module, own, correction)) {
      const tokens = assigned.get(expert) ?? [];
      assigned.set(expert, tokens);
      tokens.push({ token, ...share });
    }
    await context.pace.step();
  }
  return assigned;
}
