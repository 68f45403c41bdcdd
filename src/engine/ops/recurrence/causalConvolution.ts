/** Short causal depthwise convolution over positions. */
import type { CausalConvolution } from '../../../core/model/module';
import type { Context } from '../../context';
import { tensor, type Tensor, type Value } from '../../tensor';
import { activate, unknownActivation } from '../activations';
import { vector } from '../linear';
import type { Op } from '../op';

export const causalConvolutionOp: Op<CausalConvolution> = {
  shape: (_, [x]) => x!,
  missing: ({ activation }) => (activation === undefined ? undefined : unknownActivation(activation)),
  run: (module, [x], context) => causalConvolution(module, x!, context),
};

/** [s, channels] → [s, channels]: each channel's last `kernel` positions, zeros before the first. */
async function causalConvolution(module: CausalConvolution, input: Value, context: Context): Promise<Tensor> {
  const x = tensor(input);
  const { channels, kernel, activation } = module;
  const out = context.zeros(...x.shape);
  const taps = await vector(module.weight, context);
  const bias = module.bias && (await vector(module.bias, context));
  const length = x.shape[0]!;
  for (let s = 0; s < length; s++) {
    for (let c = 0; c < channels; c++) {
      let sum = bias?.[c] ?? 0;
      for (let tap = Math.max(0, kernel - 1 - s); tap < kernel; tap++) {
        sum += taps[c * kernel + tap]! * x.data[(s + tap + 1 - kernel) * channels + c]!;
      }
      out.data[s * channels + c] = sum;
    }
    if (s % 16 === 0) await context.pace.step();
  }
  if (activation !== undefined) await activate(activation, out.data, context);
  return out;
}
