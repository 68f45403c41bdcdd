/** Feed-forward: down(act(up x)), or down(act(gate x) ⊙ up x). */
import type { Mlp } from '../../core/model/module';
import type { Context } from '../context';
import { product, type Tensor, type Value } from '../tensor';
import { activate, unknownActivation } from './activations';
import { grouped, linear } from './linear';
import type { Op } from './op';

export const mlpOp: Op<Mlp> = {
  shape: ({ down }, [x]) => [...x!.slice(0, -1), down.outputs],
  largest: ({ up }, [x]) => product(x!.slice(0, -1)) * up.outputs,
  missing: missingFromMlp,
  positionwise: () => true,
  run: (module, [x], context) => mlp(module, x!, context),
};

export function missingFromMlp(module: Mlp): string | undefined {
  if (module.fusedGate) return 'gate and up in one matrix';
  if (module.norm !== undefined) return 'a norm inside of the feed-forward';
  return grouped(module) ?? unknownActivation(module.activation);
}

/** [s, width] → [s, width]. */
export async function mlp(module: Mlp, x: Value, context: Context): Promise<Tensor> {
  const up = await linear(module.up, x, context);
  if (module.gate === undefined) {
    await activate(module.activation, up.data, context.pace);
  } else {
    const gate = await linear(module.gate, x, context);
    await activate(module.activation, gate.data, context.pace);
    for (let i = 0; i < up.data.length; i++) up.data[i] = up.data[i]! * gate.data[i]!;
  }
  await context.pace.step();
  return linear(module.down, up, context);
}
