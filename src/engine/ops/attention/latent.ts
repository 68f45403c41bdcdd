/** Multi-head latent attention (DeepSeek): keys and values expand from one compressed vector a token. */
import type { Attention, Projections } from '../../../core/model/module';
import type { Context } from '../../context';
import type { Tensor } from '../../tensor';
import { linear } from '../linear';
import { norm } from '../norm';
import { columns, side } from './heads';
import type { Projected } from './projections';
import { rotateHeads } from './prepare';

type Latent = Extract<Projections, { type: 'latent' }>;

/** A head's query and key are a part without position and a rotated part; the key's is one for all heads. */
export async function latent(
  module: Attention,
  parts: Latent,
  x: Tensor,
  context: Context,
): Promise<Projected> {
  const { heads, headDim, valueDim, position } = module;
  const { latentDim, rotaryDim, latentScales } = parts;
  const length = x.shape[0]!;
  const plain = headDim - rotaryDim;
  const compressedQuery = await latentQuery(parts, x, context);
  const own = 'kind' in parts.query ? parts.query : parts.query.up;
  const query = side(await linear(own, compressedQuery, context), headDim);
  rotateHeads(position, query, length, heads, plain, context);

  const down = await linear(parts.keyValueDown, x, context);
  const compressed = columns(down, { from: 0, width: latentDim, count: 1, step: 0 }, context);
  const shared = columns(down, { from: latentDim, width: rotaryDim, count: 1, step: 0 }, context);
  rotateHeads(position, side(shared, rotaryDim), length, 1, 0, context);
  const normal = await norm(parts.keyValueNorm, compressed, context);
  scaleAll(normal.data, latentScales?.keyValue);
  const up = await linear(parts.keyValueUp, normal, context);

  const key = side(context.zeros(length, heads * headDim), headDim);
  for (let s = 0; s < length; s++) {
    const rotated = shared.data.subarray(s * rotaryDim, (s + 1) * rotaryDim);
    for (let head = 0; head < heads; head++) {
      const from = (s * heads + head) * (plain + valueDim);
      const to = (s * heads + head) * headDim;
      key.data.set(up.data.subarray(from, from + plain), to);
      key.data.set(rotated, to + plain);
    }
  }
  const value = { ...side(up, plain + valueDim), offset: plain };
  return { query, key, value: () => Promise.resolve(value), latent: compressedQuery };
}

/** What the query is projected up from: compressed and normalised, or x itself. */
async function latentQuery({ query, latentScales }: Latent, x: Tensor, context: Context): Promise<Tensor> {
  if ('kind' in query) return x;
  const normal = await norm(query.norm, await linear(query.down, x, context), context);
  scaleAll(normal.data, latentScales?.query);
  return normal;
}

function scaleAll(data: Float32Array, by = 1): void {
  if (by !== 1) for (let i = 0; i < data.length; i++) data[i] = data[i]! * by;
}
