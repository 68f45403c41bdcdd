/** Queries and keys of length 1, and the learned scale of each head's cosines. */
import type { Attention, Parameter } from '../../../core/model/module';
import type { Context } from '../../context';
import type { Heads } from '../../kernels/kernels';
import { vector } from '../linear';

/** The least length that a vector is divided by, as in torch.nn.functional.normalize. */
const LEAST = 1e-12;

/** Brings queries and keys to length 1, in place; queries then to the scale of their head, at most 100. */
export async function toCosines(
  { heads, keyValueHeads, headDim }: Attention,
  scales: Parameter,
  query: Heads,
  key: Heads,
  [queries, keys]: readonly [number, number],
  context: Context,
): Promise<void> {
  const factors = (await vector(scales, context)).map((scale) => Math.exp(Math.min(scale, Math.log(100))));
  normalize(query, queries, heads, headDim, factors);
  normalize(key, keys, keyValueHeads, headDim);
}

function normalize(x: Heads, rows: number, heads: number, headDim: number, factors?: Float32Array): void {
  for (let row = 0; row < rows; row++) {
    for (let head = 0; head < heads; head++) {
      const start = x.offset + row * x.stride + head * x.step;
      let squares = 0;
      for (let i = start; i < start + headDim; i++) squares += x.data[i]! ** 2;
      const factor = (factors?.[head] ?? 1) / Math.max(Math.sqrt(squares), LEAST);
      for (let i = start; i < start + headDim; i++) x.data[i]! *= factor;
    }
  }
}
