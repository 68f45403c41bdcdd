/** Normalisation over the last axis. */
import type { Norm } from '../../core/model/module';
import type { Context } from '../context';
import { tensor, type Tensor, type Value } from '../tensor';
import { vector } from './linear';
import { isMapNorm, mapNorm } from './mapNorm';
import type { Op } from './op';

export const normOp: Op<Norm> = {
  shape: (_, [x]) => x!,
  positionwise: ({ type, axis }) => axis === undefined && ['layer', 'rms', 'affine'].includes(type),
  run: (module, [x], context) => norm(module, x!, context),
};

/** [s, width] → [s, width]. */
export async function norm(module: Norm, input: Value, context: Context): Promise<Tensor> {
  if (isMapNorm(module)) return mapNorm(module, input, context);
  const x = tensor(input);
  const out = context.zeros(...x.shape);
  const { type, width, epsilon } = module;
  const { weight, bias } = await scaleOf(module, context);
  if (type === 'affine') {
    affine(x.data, out.data, width, weight, bias);
    return out;
  }
  const task = { type: type === 'rms' ? 'rms' : 'layer', epsilon, width, weight, bias } as const;
  await context.kernels.norm({ ...task, x: x.data, out: out.data }, context.pace);
  return out;
}

/** What the normal values are multiplied by, the offset of the weight added, and what is added to them. */
export async function scaleOf(
  { weight, weightOffset, bias }: Norm,
  context: Context,
): Promise<{ readonly weight?: Float32Array; readonly bias?: Float32Array }> {
  const scale = weight && (await vector(weight, context));
  if (scale !== undefined && weightOffset !== undefined) {
    for (let i = 0; i < scale.length; i++) scale[i] = scale[i]! + weightOffset;
  }
  return {
    ...(scale === undefined ? {} : { weight: scale }),
    ...(bias === undefined ? {} : { bias: await vector(bias, context) }),
  };
}

/** out = x · weight + bias, row by row. */
function affine(
  x: Float32Array,
  out: Float32Array,
  width: number,
  weight: Float32Array | undefined,
  bias: Float32Array | undefined,
): void {
  for (let start = 0; start < x.length; start += width) {
    for (let j = 0; j < width; j++) {
      out[start + j] = x[start + j]! * (weight?.[j] ?? 1) + (bias?.[j] ?? 0);
    }
  }
}
