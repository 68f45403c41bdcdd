/** Normalisation over the last axis. */
import type { Norm } from '../../core/model/module';
import type { Context } from '../context';
import { tensor, type Tensor, type Value } from '../tensor';
import { vector } from './linear';
import { isMapNorm, mapNorm } from './mapNorm';
import type { Op } from './op';

export const normOp: Op<Norm> = {
  shape: (_, [x]) => x!,
  missing: missingFromNorm,
  positionwise: ({ type, axis }) => axis === undefined && (type === 'layer' || type === 'rms'),
  run: (module, [x], context) => norm(module, x!, context),
};

export function missingFromNorm(module: Norm): string | undefined {
  if (isMapNorm(module)) return undefined;
  return module.weightOffset === undefined ? undefined : 'a norm that adds to its weight';
}

/** [s, width] → [s, width]. */
export async function norm(module: Norm, input: Value, context: Context): Promise<Tensor> {
  if (isMapNorm(module)) return mapNorm(module, input, context);
  const x = tensor(input);
  const out = context.zeros(...x.shape);
  const weight = module.weight && (await vector(module.weight, context));
  const bias = module.bias && (await vector(module.bias, context));
  if (module.type === 'affine') affine(x.data, out.data, module.width, weight, bias);
  else if (module.type === 'rms')
    context.kernels.rmsNorm(x.data, out.data, module.width, weight, module.epsilon);
  else context.kernels.layerNorm(x.data, out.data, module.width, weight, bias, module.epsilon);
  await context.pace.step();
  return out;
}

/** Weight and bias alone, without mean and deviation. */
function affine(
  x: Float32Array,
  out: Float32Array,
  width: number,
  weight: Float32Array | undefined,
  bias: Float32Array | undefined,
): void {
  for (let start = 0; start < x.length; start += width) {
    for (let j = 0; j < width; j++) out[start + j] = x[start + j]! * (weight?.[j] ?? 1) + (bias?.[j] ?? 0);
  }
}
