/** Normalisation over the last axis. */
import type { Norm } from '../../core/model/module';
import type { Context } from '../context';
import { tensor, zeros, type Tensor, type Value } from '../tensor';
import { vector } from './linear';

/** [s, width] → [s, width]. */
export async function norm(module: Norm, input: Value, context: Context): Promise<Tensor> {
  const x = tensor(input);
  const out = zeros(...x.shape);
  const weight = module.weight && (await vector(module.weight, context));
  const bias = module.bias && (await vector(module.bias, context));
  if (module.type === 'rms') context.kernels.rmsNorm(x.data, out.data, module.width, weight, module.epsilon);
  else context.kernels.layerNorm(x.data, out.data, module.width, weight, bias, module.epsilon);
  await context.pace.step();
  return out;
}
