/** Vectors of heads, as they stand in a matrix of tokens. */
import type { Context } from '../../context';
import type { Heads } from '../../kernels/kernels';
import type { Tensor } from '../../tensor';

/** Heads of `step` elements, side by side in each row. */
export function side(x: Tensor, step: number): Heads {
  return { data: x.data, offset: 0, stride: x.shape[1]!, step };
}

/** `count` pieces of `width` columns each, the first from `from` on and the next `step` later, side by side. */
export function columns(
  x: Tensor,
  pieces: { readonly from: number; readonly width: number; readonly count: number; readonly step: number },
  context: Context,
): Tensor {
  const { from, width, count, step } = pieces;
  return packed(
    { data: x.data, offset: from, stride: x.shape[1]!, step },
    x.shape[0]!,
    count,
    width,
    context,
  );
}

/** The first `dim` elements of each head, heads side by side: [length, heads · dim]. */
export function packed(x: Heads, length: number, heads: number, dim: number, context: Context): Tensor {
  const out = context.zeros(length, heads * dim);
  let to = 0;
  for (let row = 0; row < length; row++) {
    for (let head = 0; head < heads; head++, to += dim) {
      const at = x.offset + row * x.stride + head * x.step;
      out.data.set(x.data.subarray(at, at + dim), to);
    }
  }
  return out;
}

/** Changes each row's elements of all heads in place; `place` counts them along the row. */
export function eachElement(
  x: Heads,
  length: number,
  heads: number,
  dim: number,
  change: (value: number, row: number, place: number) => number,
): void {
  for (let row = 0; row < length; row++) {
    for (let head = 0; head < heads; head++) {
      const at = x.offset + row * x.stride + head * x.step;
      for (let i = 0; i < dim; i++) x.data[at + i] = change(x.data[at + i]!, row, head * dim + i);
    }
  }
}
