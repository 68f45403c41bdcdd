/** The gate and the way up of a feed-forward, in one matrix or in two. */
import type { Mlp, Parameter } from '../../../core/model/module';
import type { NamesOf } from './naming';
import type { Recipe } from './recipe';
import { slice, stack, type View } from './view';

type Add = (parameter: Parameter | undefined, recipes: readonly Recipe[]) => void;

/** Names of matrices that hold the gate's rows, then those of the way up. */
const FUSED_NAMES = ['gate_up_proj', 'weights_in', 'w12', 'dense_h_to_4h', 'input_linear'];

/** And of those that hold them the other way round. */
const FUSED_BACKWARDS = ['up_gate_proj'];

export function gateRecipes(module: Mlp, names: NamesOf, add: Add): void {
  if (module.gate !== undefined) separate(module, names, add);
  else if (module.fusedGate === true) fused(module, names, add);
}

function separate({ gate, up }: Mlp, names: NamesOf, add: Add): void {
  const holder = names.holder(up.weight);
  for (const own of ['weight', 'bias'] as const) {
    const shape = own === 'weight' ? [2 * up.outputs, up.inputs] : [2 * up.outputs];
    const part = (all: readonly string[]) => ({
      names: all.map((name) => `${holder}.${name}.${own}`),
      shape,
    });
    const from =
      (row: number) =>
      ([view]: readonly View[]) =>
        slice(view!, row, up.outputs);
    add(gate![own], [
      { parts: [part(FUSED_NAMES)], make: from(0) },
      { parts: [part(FUSED_BACKWARDS)], make: from(up.outputs) },
    ]);
    add(up[own], [
      { parts: [part(FUSED_NAMES)], make: from(up.outputs) },
      { parts: [part(FUSED_BACKWARDS)], make: from(0) },
    ]);
  }
}

function fused({ up }: Mlp, names: NamesOf, add: Add): void {
  const holder = names.holder(up.weight);
  for (const own of ['weight', 'bias'] as const) {
    const half = up.outputs / 2;
    const shape = own === 'weight' ? [half, up.inputs] : [half];
    const parts = ['gate_proj', 'up_proj'].map((name) => ({ names: [`${holder}.${name}.${own}`], shape }));
    add(up[own], [{ parts, make: stack }]);
  }
}
