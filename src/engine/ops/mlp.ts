/** Feed-forward: down(act(up x)), or down(act(gate x) ⊙ up x). */
import type { Mlp } from '../../core/model/module';
import type { Context } from '../context';
import type { Tensor, Value } from '../tensor';
import { activate } from './activations';
import { linear } from './linear';

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
