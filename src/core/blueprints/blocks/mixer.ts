/** Mixers of state-space models: Mamba's, Mamba-2's, and the gated short convolution of LFM2. */
import { block, parameter } from '../../model/build';
import {
  NO_CHILDREN,
  type Block,
  type CausalConvolution,
  type Norm,
  type StateSpace,
} from '../../model/module';
import { linear, rmsNorm } from './layers';

export function causalConvolution(
  channels: number,
  kernel: number,
  bias: boolean,
  activation?: string,
): CausalConvolution {
  const weight = parameter(channels, 1, kernel);
  const own = bias ? { weight, bias: parameter(channels) } : { weight };
  return {
    kind: 'causalConvolution',
    channels,
    kernel,
    ...own,
    ...(activation === undefined ? {} : { activation }),
    parameters: own,
    children: NO_CHILDREN,
  };
}

interface MambaShape {
  readonly width: number;
  readonly inner: number;
  readonly stateDim: number;
  readonly rank: number;
  readonly kernel: number;
  readonly activation: string;
  /** Of the projections in and out. */
  readonly bias: boolean;
  readonly convolutionBias: boolean;
  /** Norms of Δ, B and C, in the families that have them. */
  readonly norm?: (width: number) => Norm;
}

/** Mamba: projection, short convolution, Δ, B and C of its output, selective scan, gate, projection. */
export function mambaMixer(shape: MambaShape): Block {
  const { inner, stateDim, rank, norm } = shape;
  const parts = {
    conv1d: causalConvolution(inner, shape.kernel, shape.convolutionBias, shape.activation),
    in_proj: linear(shape.width, 2 * inner, { bias: shape.bias }),
    x_proj: linear(inner, rank + 2 * stateDim, { bias: false }),
    dt_proj: linear(rank, inner),
    out_proj: linear(inner, shape.width, { bias: shape.bias }),
  };
  const norms =
    norm === undefined
      ? undefined
      : { dt_layernorm: norm(rank), b_layernorm: norm(stateDim), c_layernorm: norm(stateDim) };
  const decay = parameter(inner, stateDim);
  const skip = parameter(inner);
  const scan: StateSpace = {
    kind: 'stateSpace',
    channels: inner,
    stateDim,
    scan: { type: 'selective' },
    decay,
    skip,
    parameters: { A_log: decay, D: skip },
    children: NO_CHILDREN,
  };
  return block('part', { ...parts, ...norms, '(scan)': scan }, (trace, x) => {
    const projected = trace.run(parts.in_proj, x);
    const gate = trace.chain(
      projected,
      { op: 'slice', from: inner, to: 2 * inner },
      { op: 'activation', activation: 'silu' },
    );
    const u = trace.chain(projected, { op: 'slice', from: 0, to: inner }, parts.conv1d);
    const numbers = trace.run(parts.x_proj, u);
    const slice = (from: number, to: number, of: Norm | undefined) =>
      trace.chain(numbers, { op: 'slice', from, to }, ...(of === undefined ? [] : [of]));
    const step = trace.run(parts.dt_proj, slice(0, rank, norms?.dt_layernorm));
    const b = slice(rank, rank + stateDim, norms?.b_layernorm);
    const c = slice(rank + stateDim, rank + 2 * stateDim, norms?.c_layernorm);
    const y = trace.run(scan, u, step, b, c);
    return trace.run(parts.out_proj, trace.run({ op: 'multiply' }, y, gate));
  });
}

interface Mamba2Shape {
  readonly width: number;
  readonly inner: number;
  readonly heads: number;
  readonly stateDim: number;
  readonly groups: number;
  readonly chunk: number;
  readonly kernel: number;
  readonly activation: string;
  readonly bias: boolean;
  readonly convolutionBias: boolean;
  readonly epsilon: number;
  /** Of Δ. */
  readonly stepLimits?: readonly [number, number];
}

/** Limits of Δ as configs have them; a number that JSON lacks is left out or stands as an object. */
export function stepLimits(given: readonly unknown[] | undefined): readonly [number, number] {
  const [least, most] = given ?? [];
  return [typeof least === 'number' ? least : 0, typeof most === 'number' ? most : Infinity];
}

/** Mamba-2: gate, x, B, C and Δ in one projection, short convolution of x, B and C, dual scan, gated norm, projection. */
export function mamba2Mixer(shape: Mamba2Shape): Block {
  const { inner, heads, stateDim, groups } = shape;
  const mixed = inner + 2 * groups * stateDim;
  const parts = {
    conv1d: causalConvolution(mixed, shape.kernel, shape.convolutionBias, shape.activation),
    in_proj: linear(shape.width, inner + mixed + heads, { bias: shape.bias }),
    norm: rmsNorm(inner, shape.epsilon),
    out_proj: linear(inner, shape.width, { bias: shape.bias }),
  };
  const [stepBias, decay, skip] = [parameter(heads), parameter(heads), parameter(heads)];
  const scan: StateSpace = {
    kind: 'stateSpace',
    channels: inner,
    stateDim,
    scan: { type: 'dual', heads, groups, chunk: shape.chunk },
    decay,
    skip,
    stepBias,
    ...(shape.stepLimits === undefined ? {} : { stepLimits: shape.stepLimits }),
    parameters: { dt_bias: stepBias, A_log: decay, D: skip },
    children: NO_CHILDREN,
  };
  return block('part', { ...parts, '(scan)': scan }, (trace, x) => {
    const projected = trace.run(parts.in_proj, x);
    const gate = trace.chain(
      projected,
      { op: 'slice', from: 0, to: inner },
      { op: 'activation', activation: 'silu' },
    );
    const convolved = trace.chain(projected, { op: 'slice', from: inner, to: inner + mixed }, parts.conv1d);
    const step = trace.run({ op: 'slice', from: inner + mixed, to: inner + mixed + heads }, projected);
    const slice = (from: number, to: number) => trace.run({ op: 'slice', from, to }, convolved);
    const size = groups * stateDim;
    const y = trace.run(scan, slice(0, inner), step, slice(inner, inner + size), slice(inner + size, mixed));
    return trace.chain(trace.run({ op: 'multiply' }, y, gate), parts.norm, parts.out_proj);
  });
}

/** LFM2's: three streams B, C and x of one projection; C ⊙ convolution(B ⊙ x), projected. */
export function gatedConvolution(width: number, kernel: number, bias: boolean): Block {
  const parts = {
    conv: causalConvolution(width, kernel, bias),
    in_proj: linear(width, 3 * width, { bias }),
    out_proj: linear(width, width, { bias }),
  };
  return block('part', parts, (trace, input) => {
    const projected = trace.run(parts.in_proj, input);
    const stream = (index: number) =>
      trace.run({ op: 'slice', from: index * width, to: (index + 1) * width }, projected);
    const convolved = trace.run(parts.conv, trace.run({ op: 'multiply' }, stream(0), stream(2)));
    return trace.run(parts.out_proj, trace.run({ op: 'multiply' }, stream(1), convolved));
  });
}
