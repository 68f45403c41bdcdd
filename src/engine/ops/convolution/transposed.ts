/** The transposed convolution: each place of the input puts its kernels on the output, where they are summed up. */
import type { Context } from '../../context';
import { tiledMatmul } from '../linear';
import { volume, type Geometry } from './geometry';

/** Kernels are [groups · inputs, outputs, …kernel]; adds to out [groups · outputs, …]. */
export async function transposed(
  geometry: Geometry,
  kernels: Float32Array,
  x: Float32Array,
  out: Float32Array,
  context: Context,
): Promise<void> {
  const { groups, inputs, outputs } = geometry;
  const places = volume(geometry.from);
  const taps = outputs * volume(geometry.kernel);
  const own = context.zeros(taps, inputs).data;
  const values = context.zeros(places, inputs).data;
  const put = context.zeros(taps, places).data;
  for (let group = 0; group < groups; group++) {
    for (let c = 0; c < inputs; c++) {
      const channel = group * inputs + c;
      for (let tap = 0; tap < taps; tap++) own[tap * inputs + c] = kernels[channel * taps + tap]!;
      for (let place = 0; place < places; place++) {
        values[place * inputs + c] = x[channel * places + place]!;
      }
    }
    const a = { data: own, offset: 0, stride: inputs };
    const b = { data: values, offset: 0, stride: inputs };
    const c = { data: put.fill(0), offset: 0, stride: places };
    await tiledMatmul(context, taps, places, inputs, a, b, c);
    scatter(geometry, put, out, group * outputs * volume(geometry.to));
    await context.pace.step();
  }
}

/** Adds [outputs · kernel, places of the input] to the output's places, from `start` on. */
function scatter(
  { outputs, kernel, stride, padding, dilation, from, to }: Geometry,
  put: Float32Array,
  out: Float32Array,
  start: number,
): void {
  let at = 0;
  for (let tap = 0; tap < outputs * volume(kernel); tap++) {
    const kx = tap % kernel[2];
    const ky = Math.floor(tap / kernel[2]) % kernel[1];
    const kz = Math.floor(tap / (kernel[1] * kernel[2])) % kernel[0];
    const image = start + Math.floor(tap / volume(kernel)) * volume(to);
    for (let place = 0; place < volume(from); place++, at++) {
      const x = (place % from[2]) * stride[2] - padding[2] + kx * dilation[2];
      const y = (Math.floor(place / from[2]) % from[1]) * stride[1] - padding[1] + ky * dilation[1];
      const z = Math.floor(place / (from[1] * from[2])) * stride[0] - padding[0] + kz * dilation[0];
      if (x < 0 || x >= to[2] || y < 0 || y >= to[1] || z < 0 || z >= to[0]) continue;
      out[image + (z * to[1] + y) * to[2] + x]! += put[at]!;
    }
  }
}
