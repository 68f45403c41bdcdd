/** Mixtures of experts held in fused tensors. */
import { buffer, parameter } from '../../model/build';
import {
  NO_CHILDREN,
  type Experts,
  type Mlp,
  type Module,
  type Parameter,
  type Routing,
} from '../../model/module';

interface Shape {
  readonly count: number;
  readonly active: number;
  readonly width: number;
  readonly intermediate: number;
  readonly activation: string;
}

/** Mixtral's layout: `gate.weight`, `experts.gate_up_proj`, `experts.down_proj`. */
export function softmaxExperts(shape: Shape, normalise: boolean): Experts {
  return assemble(shape, { type: 'softmaxTopK', normalise }, {}, undefined);
}

/** DeepSeek-V3's: sigmoid scores, a correction bias as a buffer, groups, and an expert for all. */
export function sigmoidGroupExperts(
  shape: Shape,
  routing: Omit<Extract<Routing, { type: 'sigmoidGroups' }>, 'type' | 'correction'>,
  shared: Mlp,
): Experts {
  const correction = buffer(shape.count);
  return assemble(
    shape,
    { type: 'sigmoidGroups', correction, ...routing },
    { e_score_correction_bias: correction },
    shared,
  );
}

function assemble(
  shape: Shape,
  routing: Routing,
  routerParameters: Record<string, Parameter>,
  shared: Mlp | undefined,
): Experts {
  const { count, width, intermediate } = shape;
  const router = parameter(count, width);
  const gateUp = parameter(count, 2 * intermediate, width);
  const down = parameter(count, width, intermediate);
  const children: Record<string, Module> = {
    gate: { kind: 'holder', parameters: { weight: router, ...routerParameters }, children: NO_CHILDREN },
    experts: { kind: 'holder', parameters: { gate_up_proj: gateUp, down_proj: down }, children: NO_CHILDREN },
  };
  if (shared !== undefined) children['shared_experts'] = shared;
  return {
    kind: 'experts',
    ...shape,
    router,
    gateUp,
    down,
    routing,
    ...(shared === undefined ? {} : { shared }),
    parameters: {},
    children,
  };
}
