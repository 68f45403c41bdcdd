/** Convolution over one or two axes, as a matrix product over the patches that the kernel sees. */
import type { Convolution } from '../../core/model/module';
import type { Context } from '../context';
import { product, tensor, type Shape, type Tensor, type Value } from '../tensor';
import { tiledMatmul, vector } from './linear';
import type { Op } from './op';

export const convolutionOp: Op<Convolution> = {
  shape: (module, [x]) => convolutionShape(module, x!),
  largest: (module, [x]) => {
    const places = product(convolutionShape(module, x!).slice(1));
    const seen = places * (product(module.weight.shape) / module.outputs);
    return Math.max(seen, product(module.weight.shape));
  },
  missing: (module) => {
    if (module.transposed) return 'transposed convolution';
    if (module.standardized !== undefined) return 'convolution with standardised weights';
    if (module.magnitude !== undefined) return 'convolution with a weight norm';
    if (module.dilation?.some((each) => each > 1)) return 'dilated convolution';
    return module.kernel.length > 2 ? `convolution over ${module.kernel.length} axes` : undefined;
  },
  run: (module, [x], context) => convolution(module, x!, context),
};

/** [in, …] → [out, …], by the usual arithmetic of kernel, stride and padding. */
function convolutionShape(module: Convolution, input: Shape): Shape {
  const axes = module.kernel.map((kernel, axis) => {
    const free = (input[axis + 1] ?? 0) + 2 * module.padding[axis]! - kernel;
    return Math.floor(free / module.stride[axis]!) + 1;
  });
  return [module.outputs, ...axes];
}

/** One axis is two, the first of length 1. */
function plane(sizes: readonly number[], fill: number): readonly [number, number] {
  return sizes.length === 1 ? [fill, sizes[0]!] : [sizes[0]!, sizes[1]!];
}

export async function convolution(module: Convolution, input: Value, context: Context): Promise<Tensor> {
  const x = tensor(input);
  const out = context.zeros(...convolutionShape(module, x.shape));
  const [height, width] = plane(out.shape.slice(1), 1);
  const places = height * width;
  const perGroup = { inputs: module.inputs / module.groups, outputs: module.outputs / module.groups };
  const k = perGroup.inputs * module.kernel.reduce((all, size) => all * size, 1);
  const weight = await vector(module.weight, context);
  const bias = module.bias && (await vector(module.bias, context));
  if (bias) for (let o = 0; o < module.outputs; o++) out.data.fill(bias[o]!, o * places, (o + 1) * places);
  for (let group = 0; group < module.groups; group++) {
    const seen = patches(context, module, x, group * perGroup.inputs, perGroup.inputs, [height, width]);
    await tiledMatmul(
      context,
      perGroup.outputs,
      places,
      k,
      { data: weight, offset: group * perGroup.outputs * k, stride: k },
      { data: seen, offset: 0, stride: k },
      { data: out.data, offset: group * perGroup.outputs * places, stride: places },
    );
  }
  return out;
}

/** What the kernel sees at each place: [places, channels · kernel], zeros beyond the border. */
function patches(
  context: Context,
  module: Convolution,
  x: Tensor,
  firstChannel: number,
  channels: number,
  [outHeight, outWidth]: readonly [number, number],
): Float32Array {
  const [height, width] = plane(x.shape.slice(1), 1);
  const [kernelHeight, kernelWidth] = plane(module.kernel, 1);
  const [strideY, strideX] = plane(module.stride, 1);
  const [paddingY, paddingX] = plane(module.padding, 0);
  const { data } = context.zeros(outHeight * outWidth, channels * kernelHeight * kernelWidth);
  let at = 0;
  for (let oy = 0; oy < outHeight; oy++) {
    for (let ox = 0; ox < outWidth; ox++) {
      for (let c = firstChannel; c < firstChannel + channels; c++) {
        for (let ky = 0; ky < kernelHeight; ky++) {
          const y = oy * strideY - paddingY + ky;
          for (let kx = 0; kx < kernelWidth; kx++, at++) {
            const column = ox * strideX - paddingX + kx;
            const inside = y >= 0 && y < height && column >= 0 && column < width;
            if (inside) data[at] = x.data[(c * height + y) * width + column]!;
          }
        }
      }
    }
  }
  return data;
}
