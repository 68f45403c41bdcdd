/** Linear recurrences whose numbers come from the input: Mamba's and Mamba-2's, position by position. */
import type { StateSpace } from '../../../core/model/module';
import type { Context } from '../../context';
import { tensor, type Tensor, type Value } from '../../tensor';
import { vector } from '../linear';
import type { Op } from '../op';

export const stateSpaceOp: Op<StateSpace> = {
  shape: (_, [x]) => x!,
  largest: ({ channels, stateDim }) => channels * stateDim,
  run: (module, inputs, context) => stateSpace(module, inputs, context),
};

/**
 * x [s, channels], Δ [s, channels] or [s, heads], B and C [s, groups · stateDim] → [s, channels].
 *
 * state ← exp(Δ·A)·state + Δ·B·x and y = C·state + D·x, with A = −exp of the decay, in float64 as one sum.
 */
async function stateSpace(module: StateSpace, inputs: readonly Value[], context: Context): Promise<Tensor> {
  const [x, step, b, c] = inputs.map(tensor) as [Tensor, Tensor, Tensor, Tensor];
  const { channels, stateDim, scan } = module;
  const [heads, groups] = scan.type === 'dual' ? [scan.heads, scan.groups] : [channels, 1];
  const decay = (await vector(module.decay, context)).map((value) => -Math.exp(value));
  const skip = await vector(module.skip, context);
  const out = context.zeros(...x.shape);
  const state = context.zeros(channels, stateDim).data;
  const steps = await stepsOf(module, step, context);
  const headDim = channels / heads;
  const decaysOfHead = decay.length / heads;
  const shared = heads / groups;
  const length = x.shape[0]!;
  for (let s = 0; s < length; s++) {
    for (let channel = 0; channel < channels; channel++) {
      const head = Math.floor(channel / headDim);
      const delta = steps[s * heads + head]!;
      const value = x.data[s * channels + channel]!;
      const group = (s * groups + Math.floor(head / shared)) * stateDim;
      // Mamba-2 has one decay a head.
      const one = decaysOfHead === 1 ? Math.exp(delta * decay[head]!) : 0;
      let sum = skip[Math.floor((channel * skip.length) / channels)]! * value;
      for (let n = 0; n < stateDim; n++) {
        const keep = decaysOfHead === 1 ? one : Math.exp(delta * decay[head * stateDim + n]!);
        const at = channel * stateDim + n;
        const next = keep * state[at]! + delta * b.data[group + n]! * value;
        state[at] = next;
        sum += next * c.data[group + n]!;
      }
      out.data[s * channels + channel] = sum;
    }
    await context.pace.step();
  }
  return out;
}

/** Δ through softplus, after its bias and before its limits. */
async function stepsOf(
  { stepBias, stepLimits: [least, most] = [0, Infinity] }: StateSpace,
  step: Tensor,
  context: Context,
): Promise<Float32Array> {
  const bias = stepBias && (await vector(stepBias, context));
  const width = step.shape[1]!;
  const out = context.zeros(...step.shape).data;
  for (let i = 0; i < out.length; i++) {
    const value = step.data[i]! + (bias?.[i % width] ?? 0);
    // log(1 + eˣ), which is x where eˣ is large, as in torch.
    const positive = value > 20 ? value : Math.log1p(Math.exp(value));
    out[i] = Math.min(most, Math.max(least, positive));
  }
  return out;
}
