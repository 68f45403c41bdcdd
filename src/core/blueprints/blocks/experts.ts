/** Mixtures of experts held in fused tensors. */
import { buffer, parameter } from '../../model/build';
import {
  NO_CHILDREN,
  type Experts,
  type Linear,
  type Mlp,
  type Module,
  type Parameter,
  type Routing,
} from '../../model/module';

export interface ExpertsShape {
  readonly count: number;
  readonly active: number;
  readonly width: number;
  readonly intermediate: number;
  readonly activation: string;
}

/** Where a family departs from Mixtral's `gate.weight`, `experts.gate_up_proj`, `experts.down_proj`. */
interface ExpertsOptions {
  /** What the checkpoint calls the module that holds the router's weight: `gate`. */
  readonly router?: string;
  /** What it calls the router's weight in that module: `weight`. */
  readonly routerWeight?: string;
  /** What it calls the module with the experts' tensors: `experts`. */
  readonly experts?: string;
  /** A bias of the router's logits. */
  readonly routerBias?: boolean;
  /** Further tensors under the router's name. */
  readonly routerParameters?: Readonly<Record<string, Parameter>>;
  /** Further tensors of the mixture itself. */
  readonly own?: Readonly<Record<string, Parameter>>;
  /** Experts for every token, by their name. */
  readonly shared?: Readonly<Record<string, Mlp>>;
  /** The gate on them, by its name. */
  readonly sharedGate?: Readonly<Record<string, Linear>>;
  /** Choices that are no expert: further rows of the router. */
  readonly identities?: number;
  /** down(act(up x)) under `up_proj` and `down_proj`. */
  readonly ungated?: boolean;
  /** Tensors [count, in, out]. */
  readonly transposed?: boolean;
  readonly products?: Experts['products'];
  /** gpt-oss: biases of the products, gate and up alternating, clamped. */
  readonly clamp?: Experts['clamp'];
}

/** Mixtral's: softmax, then the largest. */
export function softmaxExperts(shape: ExpertsShape, normalise: boolean): Experts {
  return experts(shape, { type: 'softmaxTopK', normalise });
}

type SigmoidGroups = Omit<Extract<Routing, { type: 'sigmoidGroups' }>, 'type' | 'correction'>;

/** DeepSeek-V3's: sigmoid scores, a correction bias as a buffer beside the router, groups, and an expert for all. */
export function sigmoidGroupExperts(
  shape: ExpertsShape,
  routing: SigmoidGroups,
  shared?: Mlp,
  options: ExpertsOptions = {},
): Experts {
  const correction = buffer(shape.count);
  return experts(
    shape,
    { type: 'sigmoidGroups', correction, ...routing },
    {
      routerParameters: { e_score_correction_bias: correction },
      ...(shared === undefined ? {} : { shared: { shared_experts: shared } }),
      ...options,
    },
  );
}

export function experts(shape: ExpertsShape, routing: Routing, options: ExpertsOptions = {}): Experts {
  const { count, width, intermediate } = shape;
  const inner = options.ungated ? intermediate : 2 * intermediate;
  const router = parameter(count + (options.identities ?? 0), width);
  const routerBias = options.routerBias ? parameter(count) : undefined;
  const gateUp = options.transposed ? parameter(count, width, inner) : parameter(count, inner, width);
  const down = options.transposed
    ? parameter(count, intermediate, width)
    : parameter(count, width, intermediate);
  const biases =
    options.clamp === undefined
      ? undefined
      : { gateUp: parameter(count, inner), down: parameter(count, width) };
  const children: Record<string, Module> = {
    [options.router ?? 'gate']: holder({
      [options.routerWeight ?? 'weight']: router,
      ...(routerBias === undefined ? {} : { bias: routerBias }),
      ...options.routerParameters,
    }),
    [options.experts ?? 'experts']: holder({
      [options.ungated ? 'up_proj' : 'gate_up_proj']: gateUp,
      ...(biases === undefined ? {} : { gate_up_proj_bias: biases.gateUp }),
      down_proj: down,
      ...(biases === undefined ? {} : { down_proj_bias: biases.down }),
    }),
    ...options.shared,
    ...options.sharedGate,
  };
  const [shared] = Object.values(options.shared ?? {});
  const [sharedGate] = Object.values(options.sharedGate ?? {});
  return {
    kind: 'experts',
    ...shape,
    router,
    gateUp,
    down,
    routing,
    ...(routerBias === undefined ? {} : { routerBias }),
    ...(biases === undefined ? {} : { biases, interleaved: true }),
    ...(options.clamp === undefined ? {} : { clamp: options.clamp }),
    ...(options.ungated ? { gated: false } : {}),
    ...(options.transposed ? { layout: 'input-output' } : {}),
    ...(options.identities ? { identities: options.identities } : {}),
    ...(options.products === undefined ? {} : { products: options.products }),
    ...(shared === undefined ? {} : { shared }),
    ...(sharedGate === undefined ? {} : { sharedGate }),
    parameters: options.own ?? {},
    children,
  };
}

function holder(parameters: Readonly<Record<string, Parameter>>): Module {
  return { kind: 'holder', parameters, children: NO_CHILDREN };
}
