/** What some families put beside the heads' weighted sums: convolutions of values, and of spans around a token. */
import type { Attention, Convolution, SpanConvolution } from '../../../core/model/module';
import type { Context } from '../../context';
import type { Heads } from '../../kernels/kernels';
import type { Tensor } from '../../tensor';
import { convolution } from '../convolution';
import { linear, vector } from '../linear';
import type { Sums } from './sums';

/** @param x that the attention sees; @param query what it is projected to. */
export async function convolveBeside(
  { heads, valueConvolution, spanConvolution: span }: Attention,
  x: Tensor,
  query: Heads,
  { mixed, values }: Sums,
  context: Context,
): Promise<void> {
  if (valueConvolution !== undefined) {
    await addValueConvolution(valueConvolution, values.from, mixed, heads, context);
  }
  if (span !== undefined) await spanConvolution(span, x, query, heads, mixed, context);
}

/** Adds the convolution of values [keys, heads · dim] along the positions to the sums [queries, heads · dim]. */
async function addValueConvolution(
  module: Convolution,
  { data, offset, stride, step }: Heads,
  sums: Tensor,
  heads: number,
  context: Context,
): Promise<void> {
  const [length, width] = [sums.shape[0]!, sums.shape[1]!];
  const dim = width / heads;
  const byHead = context.zeros(heads, length, dim);
  for (let head = 0; head < heads; head++) {
    for (let s = 0; s < length; s++) {
      const at = offset + s * stride + head * step;
      byHead.data.set(data.subarray(at, at + dim), (head * length + s) * dim);
    }
  }
  const { data: made } = await convolution(module, byHead, context);
  for (let s = 0; s < length; s++) {
    for (let j = 0; j < width; j++) {
      sums.data[s * width + j]! += made[(Math.floor(j / dim) * length + s) * dim + (j % dim)]!;
    }
  }
}

/**
 * Writes a span convolution behind the heads' sums: columns [inner, 2 · inner) of out [s, 2 · inner].
 *
 * @param query [s, inner], heads side by side.
 */
async function spanConvolution(
  { depthwise, pointwise, bias, kernel, values }: SpanConvolution,
  x: Tensor,
  query: Heads,
  heads: number,
  out: Tensor,
  context: Context,
): Promise<void> {
  const [length, inner] = [x.shape[0]!, out.shape[1]! / 2];
  const seen = await convolution(
    pointwise,
    await convolution(depthwise, turned(x, context), context),
    context,
  );
  const biases = await vector(bias, context);
  const product = context.zeros(length, inner);
  for (let s = 0; s < length; s++) {
    for (let j = 0; j < inner; j++) {
      const q = query.data[query.offset + s * query.stride + j]!;
      product.data[s * inner + j] = q * (seen.data[j * length + s]! + biases[j]!);
    }
  }
  const kernels = await linear(kernel, product, context);
  const taps = kernels.shape[1]! / heads;
  for (let at = 0; at < kernels.data.length; at += taps) {
    context.kernels.softmax(kernels.data, at, at + taps);
  }
  const given = await linear(values, x, context);
  const before = Math.floor((taps - 1) / 2);
  const dim = inner / heads;
  for (let s = 0; s < length; s++) {
    const [from, to] = [Math.max(0, before - s), Math.min(taps, length + before - s)];
    for (let j = 0; j < inner; j++) {
      const own = (s * heads + Math.floor(j / dim)) * taps;
      let sum = 0;
      for (let t = from; t < to; t++) {
        sum += kernels.data[own + t]! * given.data[(s + t - before) * inner + j]!;
      }
      out.data[s * 2 * inner + inner + j] = sum;
    }
    if (s % 16 === 15) await context.pace.step();
  }
}

/** [s, w] → [w, s]. */
function turned({ shape, data }: Tensor, context: Context): Tensor {
  const [length, width] = [shape[0]!, shape[1]!];
  const out = context.zeros(width, length);
  for (let s = 0; s < length; s++) {
    for (let j = 0; j < width; j++) out.data[j * length + s] = data[s * width + j]!;
  }
  return out;
}
