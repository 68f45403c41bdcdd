/** Feed-forwards under the names that Llama's kin have for them. */
import type { Mlp } from '../../model/module';
import { linear, mlp } from './layers';

/** down(act(gate x) ⊙ up x) under Llama's names. */
export function gatedMlp(width: number, intermediate: number, activation: string, bias = false): Mlp {
  return mlp(
    activation,
    {
      gate: linear(width, intermediate, { bias }),
      up: linear(width, intermediate, { bias }),
      down: linear(intermediate, width, { bias }),
    },
    { gate: 'gate_proj', up: 'up_proj', down: 'down_proj', activation: 'act_fn' },
  );
}

/** The same with gate and up in one matrix (Phi-3, GLM). */
export function fusedGateMlp(width: number, intermediate: number, activation: string): Mlp {
  return mlp(
    activation,
    {
      up: linear(width, 2 * intermediate, { bias: false }),
      down: linear(intermediate, width, { bias: false }),
      fusedGate: true,
    },
    { up: 'gate_up_proj', down: 'down_proj', activation: 'activation_fn' },
  );
}

/** down(act(up x)), under the names given. */
export function plainMlp(
  width: number,
  intermediate: number,
  activation: string,
  bias: boolean,
  names: { readonly up: string; readonly down: string; readonly activation: string } = {
    up: 'up_proj',
    down: 'down_proj',
    activation: 'act_fn',
  },
): Mlp {
  const up = linear(width, intermediate, { bias });
  return mlp(activation, { up, down: linear(intermediate, width, { bias }) }, names);
}
