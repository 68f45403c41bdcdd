/** Transformer-XL's positions: scores of queries with the projected sines of distances, and biases of both scores. */
import type { Attention, PositionScheme } from '../../../core/model/module';
import type { Context } from '../../context';
import type { AttendTask, Heads } from '../../kernels/kernels';
import { linear, vector } from '../linear';
import { sinusoidFrequencies, writeSinusoids } from '../sinusoids';
import type { Looked } from './bias';
import { addDistanceScores, type DistanceScores } from './distances';

type Sines = Extract<PositionScheme, { type: 'relativeSines' }>;

/**
 * (q + content)·k + (q + position)·r is q·k, which attention computes, and three terms more: q·r by query and distance,
 * position·r by distance alone, content·k by key alone.
 */
export async function relativeSinesBias(
  { heads, headDim, scale }: Attention,
  position: Sines,
  { x, source, query, key }: Looked,
  context: Context,
): Promise<Pick<AttendTask, 'fill' | 'diagonal'>> {
  const [queries, keys] = [x.shape[0]!, source.shape[0]!];
  const places = queries + keys - 1;
  const table = await projectedSines(position, queries, keys, headDim, context);
  const rows = Int32Array.from({ length: places }, (_, i) => i);
  const scores: DistanceScores = {
    queries,
    keys,
    headDim,
    scale,
    query: { vectors: query, distances: { table, rows } },
  };
  const products = (bias: Float32Array, vectors: Heads, count: number): Float32Array =>
    withBias(bias, vectors, count, heads, headDim, scale, context);
  const byKey = products(await vector(position.contentBias, context), key, keys);
  return {
    diagonal: products(await vector(position.positionBias, context), table, places),
    fill: async (head, first, count, into) => {
      for (let i = 0; i < count; i++) {
        const at = into.offset + i * into.stride;
        for (let j = 0; j < keys; j++) into.data[at + j]! += byKey[head * keys + j]!;
      }
      await addDistanceScores(scores, head, first, count, into, context);
    },
  };
}

/** Of distances query − key from queries − 1 down to 1 − keys: [queries + keys − 1, heads · headDim]. */
async function projectedSines(
  { project, clamp = Infinity }: Sines,
  queries: number,
  keys: number,
  headDim: number,
  context: Context,
): Promise<Heads> {
  const width = project.inputs;
  const frequencies = sinusoidFrequencies(width, 'vaswani');
  const sines = context.zeros(queries + keys - 1, width);
  for (let i = 0; i < queries + keys - 1; i++) {
    const distance = Math.min(clamp, Math.max(-clamp, queries - 1 - i));
    writeSinusoids(frequencies, distance, sines.data, i * width, width);
  }
  const { data, shape } = await linear(project, sines, context);
  return { data, offset: 0, stride: shape[1]!, step: headDim };
}

/** scale · bias·v for each head of so many vectors: [heads, count]. */
function withBias(
  bias: Float32Array,
  { data, offset, stride, step }: Heads,
  count: number,
  heads: number,
  headDim: number,
  scale: number,
  context: Context,
): Float32Array {
  const { data: out } = context.zeros(heads, count);
  for (let head = 0; head < heads; head++) {
    for (let i = 0; i < count; i++) {
      let sum = 0;
      const at = offset + i * stride + head * step;
      for (let d = 0; d < headDim; d++) sum += bias[head * headDim + d]! * data[at + d]!;
      out[head * count + i] = scale * sum;
    }
  }
  return out;
}
