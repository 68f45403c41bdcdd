/** A convolution as matrix products of its kernels with what they see at so many places at a time. */
import type { Context } from '../../context';
import { tiledMatmul } from '../linear';
import { volume, type Geometry } from './geometry';

/** Elements of what the kernels see that are held at a time: 4 MB. */
const CHUNK = 1 << 20;

/** Elements that are held at a time. */
export function patchElements(geometry: Geometry): number {
  return Math.max(CHUNK, geometry.inputs * volume(geometry.kernel));
}

/** Adds to out [groups · outputs, places]. */
export async function overPatches(
  geometry: Geometry,
  kernels: Float32Array,
  x: Float32Array,
  out: Float32Array,
  context: Context,
): Promise<void> {
  const { groups, outputs, inputs } = geometry;
  const k = inputs * volume(geometry.kernel);
  const places = volume(geometry.to);
  const most = Math.min(places, Math.max(1, Math.floor(CHUNK / k)));
  const { data: seen } = context.zeros(most, k);
  for (let group = 0; group < groups; group++) {
    for (let first = 0; first < places; first += most) {
      const count = Math.min(most, places - first);
      lookAt(geometry, x, group * inputs, first, count, seen);
      await context.pace.step();
      await tiledMatmul(
        context,
        outputs,
        count,
        k,
        { data: kernels, offset: group * outputs * k, stride: k },
        { data: seen, offset: 0, stride: k },
        { data: out, offset: group * outputs * places + first, stride: places },
      );
    }
  }
}

/** What the kernels see at places [first, first + count): [count, channels · kernel], zeros beyond the border. */
function lookAt(
  { inputs, kernel, stride, padding, dilation, from, to }: Geometry,
  x: Float32Array,
  firstChannel: number,
  first: number,
  count: number,
  seen: Float32Array,
): void {
  const [kernelDepth, kernelHeight, kernelWidth] = kernel;
  const [depth, height, width] = from;
  let at = 0;
  for (let place = first; place < first + count; place++) {
    const z0 = Math.floor(place / (to[1] * to[2])) * stride[0] - padding[0];
    const y0 = (Math.floor(place / to[2]) % to[1]) * stride[1] - padding[1];
    const x0 = (place % to[2]) * stride[2] - padding[2];
    for (let c = firstChannel; c < firstChannel + inputs; c++) {
      for (let kz = 0; kz < kernelDepth; kz++) {
        const z = z0 + kz * dilation[0];
        for (let ky = 0; ky < kernelHeight; ky++) {
          const y = y0 + ky * dilation[1];
          const inside = z >= 0 && z < depth && y >= 0 && y < height;
          const row = ((c * depth + z) * height + y) * width;
          for (let kx = 0; kx < kernelWidth; kx++) {
            const column = x0 + kx * dilation[2];
            seen[at++] = inside && column >= 0 && column < width ? x[row + column]! : 0;
          }
        }
      }
    }
  }
}
