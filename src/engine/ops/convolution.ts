/** Convolution over one or two axes, as a matrix product over the patches that the kernel sees. */
import type { Convolution } from '../../core/model/module';
import type { Context } from '../context';
import { tensor, zeros, type Shape, type Tensor, type Value } from '../tensor';
import { tiledMatmul, vector } from './linear';

/** [in, …] → [out, …], by the usual arithmetic of kernel, stride and padding. */
export function convolutionShape(module: Convolution, input: Shape): Shape {
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
  const out = zeros(...convolutionShape(module, x.shape));
  const [height, width] = plane(out.shape.slice(1), 1);
  const places = height * width;
  const perGroup = { inputs: module.inputs / module.groups, outputs: module.outputs / module.groups };
  const k = perGroup.inputs * module.kernel.reduce((all, size) => all * size, 1);
  const weight = await vector(module.weight, context);
  const bias = module.bias && (await vector(module.bias, context));
  if (bias) for (let o = 0; o < module.outputs; o++) out.data.fill(bias[o]!, o * places, (o + 1) * places);
  for (let group = 0; group < module.groups; group++) {
    const seen = patches(module, x, group * perGroup.inputs, perGroup.inputs, [height, width]);
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
  const { data } = zeros(outHeight * outWidth, channels * kernelHeight * kernelWidth);
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
