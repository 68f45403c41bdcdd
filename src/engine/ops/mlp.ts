/** Feed-forward: down(act(up x)), or down(act(gate x) ⊙ up x). */
import type { Mlp } from '../../core/model/module';
import type { Context } from '../context';
import { product, type Tensor, type Value } from '../tensor';
import { linear } from './linear';
import { norm } from './norm';
import type { Op } from './op';
import { activateMlp, unknownMlpActivation } from './trainedActivations';

export const mlpOp: Op<Mlp> = {
  shape: ({ down }, [x]) => [...x!.slice(0, -1), down.outputs],
  largest: ({ up }, [x]) => product(x!.slice(0, -1)) * up.outputs,
  missing: missingFromMlp,
  positionwise: () => true,
  run: (module, [x], context) => mlp(module, x!, context),
};

export function missingFromMlp(module: Mlp): string | undefined {
  return unknownMlpActivation(module);
}

/** [s, width] → [s, width]. */
export async function mlp(module: Mlp, x: Value, context: Context): Promise<Tensor> {
  const inner = await innerValues(module, x, context);
  const normal = module.norm === undefined ? inner : await norm(module.norm, inner, context);
  return linear(module.down, normal, context);
}

/** act(up x), or act(gate x) ⊙ up x: [s, inner]. */
async function innerValues(module: Mlp, x: Value, context: Context): Promise<Tensor> {
  const { gate, fusedGate, up } = module;
  const all = up.outputs;
  // One matrix for both has the gate's outputs first.
  const own = await linear(up, x, context, fusedGate ? [all / 2, all] : [0, all]);
  if (gate === undefined && !fusedGate) {
    await activateMlp(module, own.data, context);
    return own;
  }
  const gates =
    gate === undefined ? await linear(up, x, context, [0, all / 2]) : await linear(gate, x, context);
  await activateMlp(module, gates.data, context, own.data);
  return gates;
}
