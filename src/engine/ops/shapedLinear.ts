/** Linear maps whose weight is no matrix: in groups of inputs and outputs (SqueezeBERT), or by head (XLNet). */
import type { Linear } from '../../core/model/module';
import type { Context } from '../context';
import { matrix, type Tensor } from '../tensor';
import { tiledMatmul, vector } from './linear';

/** x [s, inputs] → [s, outputs]. */
export async function shapedLinear(module: Linear, x: Tensor, context: Context): Promise<Tensor> {
  const { inputs, outputs, groups = 1 } = module;
  const { rows } = matrix(x.shape);
  const [k, n] = [inputs / groups, outputs / groups];
  const weight = await rowsByOutput(module, context);
  const out = context.zeros(...x.shape.slice(0, -1), outputs);
  for (let group = 0; group < groups; group++) {
    await tiledMatmul(
      context,
      rows,
      n,
      k,
      { data: x.data, offset: group * k, stride: inputs },
      { data: weight, offset: group * n * k, stride: k },
      { data: out.data, offset: group * n, stride: outputs },
    );
  }
  if (module.bias !== undefined) {
    const bias = await vector(module.bias, context);
    for (let i = 0; i < out.data.length; i++) out.data[i]! += bias[i % outputs]!;
  }
  return out;
}

/**
 * [outputs, inputs / groups]: as a 1 × 1 convolution has it, or a map to the width from heads. ConvBERT's weight is
 * [groups, inputs / groups, outputs / groups], and that of a map to heads [inputs, heads, headDim].
 */
async function rowsByOutput(module: Linear, context: Context): Promise<Float32Array> {
  const { weight, inputs, outputs, groups = 1, layout } = module;
  const given = await vector(weight, context);
  const [k, n] = [inputs / groups, outputs / groups];
  const byOutput =
    groups > 1 ? weight.shape[0] === outputs && weight.shape[1] === k : layout === 'output-input';
  if (byOutput) return given;
  const { data } = context.zeros(outputs, k);
  for (let row = 0; row < outputs; row++) {
    const start = Math.floor(row / n) * k * n + (row % n);
    for (let i = 0; i < k; i++) data[row * k + i] = given[start + i * n]!;
  }
  return data;
}
