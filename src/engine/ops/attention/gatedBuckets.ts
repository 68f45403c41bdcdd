/** WavLM's relative positions: T5's, of which each query takes a share of its own. */
import type { Attention, PositionScheme } from '../../../core/model/module';
import type { Context } from '../../context';
import type { AttendTask } from '../../kernels/kernels';
import type { Tensor } from '../../tensor';
import { linear, vector } from '../linear';

type Gate = NonNullable<Extract<PositionScheme, { type: 'relativeBuckets' }>['gate']>;

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** @param scores by head and distance, [heads, queries + keys − 1]. */
export async function gatedBias(
  { heads }: Attention,
  gate: Gate,
  scores: Float32Array,
  x: Tensor,
  keys: number,
  context: Context,
): Promise<Pick<AttendTask, 'fill'>> {
  const queries = x.shape[0]!;
  const shares = await sharesOf(gate, x, heads, context);
  return {
    fill: (head, first, count, into) => {
      for (let i = 0; i < count; i++) {
        const at = into.offset + i * into.stride;
        const share = shares[(first + i) * heads + head]!;
        const from = head * (queries + keys - 1) + queries - 1 - first - i;
        for (let j = 0; j < keys; j++) into.data[at + j]! += share * scores[from + j]!;
      }
    },
  };
}

/** a(b·scale − 1) + 2 by query and head: [queries, heads]. */
async function sharesOf(
  { project, scale }: Gate,
  { shape, data }: Tensor,
  heads: number,
  context: Context,
): Promise<Float32Array> {
  const queries = shape[0]!;
  const byHead = { shape: [queries * heads, data.length / (queries * heads)], data };
  const { data: numbers } = await linear(project, byHead, context);
  const scales = await vector(scale, context);
  const sumOf = (at: number): number => numbers.subarray(at, at + 4).reduce((sum, each) => sum + each, 0);
  const out = context.zeros(queries, heads).data;
  for (let i = 0; i < out.length; i++) {
    const [a, b] = [sigmoid(sumOf(8 * i)), sigmoid(sumOf(8 * i + 4))];
    out[i] = a * (b * scales[i % heads]! - 1) + 2;
  }
  return out;
}
