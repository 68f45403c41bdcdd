/** Convolution over one to three axes, in groups, dilated or transposed. */
import type { Convolution } from '../../../core/model/module';
import { convolved } from '../../../core/measure/shapes';
import type { Context } from '../../context';
import { RunFailure } from '../../failure';
import { product, tensor, type Shape, type Tensor, type Value } from '../../tensor';
import { vector } from '../linear';
import type { Op } from '../op';
import { byChannel } from './byChannel';
import { geometryOf, type Geometry } from './geometry';
import { kernelsOf } from './kernels';
import { overPatches, patchElements } from './overPatches';
import { transposed } from './transposed';

export const convolutionOp: Op<Convolution> = {
  shape: (module, [x]) => convolutionShape(module, x!),
  largest: (module, [x]) => Math.max(product(module.weight.shape), patchElements(geometryOf(module, x!, []))),
  missing: ({ kernel }) => (kernel.length > 3 ? `convolution over ${kernel.length} axes` : undefined),
  run: (module, [x], context) => convolution(module, x!, context),
};

/** [in, …] → [out, …], by the usual arithmetic of kernel, stride, padding and dilation. */
function convolutionShape(module: Convolution, input: Shape): Shape {
  const shape = convolved(module, [1, ...input]).slice(1);
  if (shape.some((side) => side < 1)) {
    throw new RunFailure(
      'config',
      `a kernel of ${module.kernel.join(' × ')} does not fit on an input of ${input.slice(1).join(' × ')}; ` +
        'use a larger input',
    );
  }
  return shape;
}

/** x [in, …] → [out, …]. */
export async function convolution(module: Convolution, input: Value, context: Context): Promise<Tensor> {
  const x = tensor(input);
  const out = context.zeros(...convolutionShape(module, x.shape));
  const geometry = geometryOf(module, x.shape, out.shape);
  const kernels = await kernelsOf(module, context);
  const way = wayOf(module, geometry);
  await way(geometry, kernels, x.data, out.data, context);
  if (module.bias !== undefined) addBias(out, await vector(module.bias, context));
  return out;
}

/** Few channels a group make no matrix worth a product. */
const FEW = 8;

function wayOf(module: Convolution, { inputs, outputs }: Geometry) {
  if (module.transposed) return transposed;
  return module.groups > 1 && inputs * outputs <= FEW ? byChannel : overPatches;
}

function addBias({ shape, data }: Tensor, bias: Float32Array): void {
  const places = data.length / shape[0]!;
  for (let o = 0; o < bias.length; o++) {
    for (let i = o * places; i < (o + 1) * places; i++) data[i]! += bias[o]!;
  }
}
