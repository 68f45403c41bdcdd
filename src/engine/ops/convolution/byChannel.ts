/** A convolution whose groups are a channel or few: row by row, each tap added where it sees something. */
import type { Context } from '../../context';
import { volume, type Axes, type Geometry } from './geometry';

/** Adds to out [groups · outputs, …]. */
export async function byChannel(
  geometry: Geometry,
  kernels: Float32Array,
  x: Float32Array,
  out: Float32Array,
  context: Context,
): Promise<void> {
  const { groups, inputs, outputs, from, to } = geometry;
  const taps = volume(geometry.kernel);
  const rows = volume(to) / to[2];
  const sums = new Float64Array(to[2]);
  for (let o = 0; o < groups * outputs; o++) {
    const firstInput = Math.floor(o / outputs) * inputs;
    for (let row = 0; row < rows; row++) {
      sums.fill(0);
      for (let c = 0; c < inputs; c++) {
        const image = (firstInput + c) * volume(from);
        addRow(geometry, kernels, (o * inputs + c) * taps, x, image, row, sums);
      }
      out.set(sums, (o * rows + row) * to[2]);
    }
    await context.pace.step();
  }
}

/** One row of an output's places, from one input channel. */
function addRow(
  { kernel, stride, padding, dilation, from, to }: Geometry,
  kernels: Float32Array,
  firstTap: number,
  x: Float32Array,
  image: number,
  row: number,
  sums: Float64Array,
): void {
  const z0 = Math.floor(row / to[1]) * stride[0] - padding[0];
  const y0 = (row % to[1]) * stride[1] - padding[1];
  let tap = firstTap;
  for (let kz = 0; kz < kernel[0]; kz++) {
    const z = z0 + kz * dilation[0];
    for (let ky = 0; ky < kernel[1]; ky++) {
      const y = y0 + ky * dilation[1];
      const inside = z >= 0 && z < from[0] && y >= 0 && y < from[1];
      const start = image + (z * from[1] + y) * from[2];
      for (let kx = 0; kx < kernel[2]; kx++, tap++) {
        if (!inside) continue;
        const weight = kernels[tap]!;
        const shift = kx * dilation[2] - padding[2];
        const [first, end] = seeing(shift, stride, from, to);
        for (let i = first; i < end; i++) sums[i]! += weight * x[start + i * stride[2] + shift]!;
      }
    }
  }
}

/** The places [first, end) of a row at which a tap lies inside of the input's row. */
function seeing(shift: number, stride: Axes, from: Axes, to: Axes): readonly [number, number] {
  const first = Math.max(0, Math.ceil(-shift / stride[2]));
  return [first, Math.min(to[2], Math.floor((from[2] - 1 - shift) / stride[2]) + 1)];
}
