/** A convolution's kernels as they are used: scaled to their lengths, or standardised. */
import type { Convolution } from '../../../core/model/module';
import type { Context } from '../../context';
import { vector } from '../linear';

/** In the order of the weight, [outputs, inputs / groups, …kernel]. */
export async function kernelsOf(module: Convolution, context: Context): Promise<Float32Array> {
  const kernels = await vector(module.weight, context);
  if (module.magnitude !== undefined) scaleToLengths(kernels, await vector(module.magnitude, context));
  if (module.standardized !== undefined) standardize(kernels, module.outputs, module.standardized);
  return kernels;
}

/** torch's weight norm over the last axis: each of its slices gets the length that is learned for it. */
function scaleToLengths(kernels: Float32Array, lengths: Float32Array): void {
  const taps = lengths.length;
  const squares = new Float64Array(taps);
  for (let i = 0; i < kernels.length; i++) squares[i % taps]! += kernels[i]! ** 2;
  const factors = squares.map((square, tap) => lengths[tap]! / Math.sqrt(square));
  for (let i = 0; i < kernels.length; i++) kernels[i] = kernels[i]! * factors[i % taps]!;
}

/** Each output's kernel to mean 0 and variance 1. */
function standardize(kernels: Float32Array, outputs: number, epsilon: number): void {
  const size = kernels.length / outputs;
  for (let start = 0; start < kernels.length; start += size) {
    const kernel = kernels.subarray(start, start + size);
    const mean = kernel.reduce((sum, value) => sum + value, 0) / size;
    const variance = kernel.reduce((sum, value) => sum + (value - mean) ** 2, 0) / size;
    const factor = 1 / Math.sqrt(variance + epsilon);
    for (let i = 0; i < size; i++) kernel[i] = (kernel[i]! - mean) * factor;
  }
}
