/** Queries, keys and values as the three kinds of projection make them; positions and norms come after. */
import type { Attention, FusedLayout, Projections } from '../../../core/model/module';
import type { Context } from '../../context';
import type { Heads } from '../../kernels/kernels';
import type { Tensor } from '../../tensor';
import { linear, vector } from '../linear';
import { columns, eachElement, packed, side } from './heads';
import { latent } from './latent';

export interface Projected {
  readonly query: Heads;
  readonly key: Heads;
  /** Computed when asked for: the last attention of a run does not. */
  value(): Promise<Heads>;
  /** [queries, heads · valueDim]: a gate on what the heads give, where it is a part of the query's projection. */
  readonly gate?: Tensor;
  /** [queries, latent]: what a compressed query expands from. */
  readonly latent?: Tensor;
}

/** Biases of their own are added to queries and values, whatever the projection. */
export async function project(
  module: Attention,
  x: Tensor,
  source: Tensor,
  valueSource: Tensor,
  context: Context,
): Promise<Projected> {
  const projected = await unbiased(module, x, source, valueSource, context);
  const { biases, heads, headDim, valueDim } = module;
  if (biases === undefined) return projected;
  const add = (to: Heads, rows: number, dim: number, bias: Float32Array): void =>
    eachElement(to, rows, heads, dim, (value, _, place) => value + bias[place]!);
  add(projected.query, x.shape[0]!, headDim, await vector(biases.query, context));
  return {
    ...projected,
    value: async () => {
      const value = await projected.value();
      add(value, source.shape[0]!, valueDim, await vector(biases.value, context));
      return value;
    },
  };
}

/**
 * @param x [queries, width]; @param source [keys, width]: x itself, except in cross attention.
 * @param valueSource [keys, width]: the source, except where values come from elsewhere.
 */
async function unbiased(
  module: Attention,
  x: Tensor,
  source: Tensor,
  valueSource: Tensor,
  context: Context,
): Promise<Projected> {
  const { projections } = module;
  switch (projections.type) {
    case 'separate':
      return separate(module, projections, x, source, valueSource, context);
    case 'fused':
      return x === source
        ? fused(module, projections, x, context)
        : fusedAcross(module, projections, x, source, context);
    case 'latent':
      return latent(module, projections, x, context);
  }
}

async function separate(
  module: Attention,
  { query, key, value }: Extract<Projections, { type: 'separate' }>,
  x: Tensor,
  source: Tensor,
  valueSource: Tensor,
  context: Context,
): Promise<Projected> {
  const { headDim, valueDim, heads } = module;
  const key_ = side(await linear(key, source, context), headDim);
  const value_ = async (): Promise<Heads> => side(await linear(value, valueSource, context), valueDim);
  const queries = await linear(query, x, context);
  if (module.gate !== 'query') return { query: side(queries, headDim), key: key_, value: value_ };
  // Each head's outputs are its query, then its gate.
  const both = side(queries, headDim + valueDim);
  return {
    query: both,
    key: key_,
    value: value_,
    gate: packed({ ...both, offset: headDim }, x.shape[0]!, heads, valueDim, context),
  };
}

async function fused(
  module: Attention,
  { qkv, layout }: Extract<Projections, { type: 'fused' }>,
  x: Tensor,
  context: Context,
): Promise<Projected> {
  if (layout.slices > 1 || layout.order !== 'queryKeyValue') return sliced(module, qkv, layout, x, context);
  const { heads, keyValueHeads, headDim, valueDim } = module;
  const keysFrom = heads * headDim;
  const valuesFrom = keysFrom + keyValueHeads * headDim;
  const both = await linear(qkv, x, context, [0, valuesFrom]);
  const query = side(both, headDim);
  return {
    query,
    key: { ...query, offset: keysFrom },
    value: async () =>
      side(await linear(qkv, x, context, [valuesFrom, valuesFrom + keyValueHeads * valueDim]), valueDim),
  };
}

/** Cross attention: queries of x, keys and values of the source, from the rows of one matrix (torch's own module). */
async function fusedAcross(
  { heads, keyValueHeads, headDim, valueDim }: Attention,
  { qkv }: Extract<Projections, { type: 'fused' }>,
  x: Tensor,
  source: Tensor,
  context: Context,
): Promise<Projected> {
  const keysFrom = heads * headDim;
  const valuesFrom = keysFrom + keyValueHeads * headDim;
  const end = valuesFrom + keyValueHeads * valueDim;
  return {
    query: side(await linear(qkv, x, context, [0, keysFrom]), headDim),
    key: side(await linear(qkv, source, context, [keysFrom, valuesFrom]), headDim),
    value: async () => side(await linear(qkv, source, context, [valuesFrom, end]), valueDim),
  };
}

/** Each slice has queries, keys and values of its heads: they are brought side by side. */
async function sliced(
  module: Attention,
  qkv: Extract<Projections, { type: 'fused' }>['qkv'],
  { slices, order }: FusedLayout,
  x: Tensor,
  context: Context,
): Promise<Projected> {
  const { heads, keyValueHeads, headDim, valueDim } = module;
  const all = await linear(qkv, x, context);
  const queryWidth = (heads / slices) * headDim;
  const keyWidth = (keyValueHeads / slices) * headDim;
  const valueWidth = (keyValueHeads / slices) * valueDim;
  const step = queryWidth + keyWidth + valueWidth;
  const keysFrom = queryWidth + (order === 'queryKeyValue' ? 0 : valueWidth);
  const valuesFrom = queryWidth + (order === 'queryKeyValue' ? keyWidth : 0);
  const part = (from: number, width: number, dim: number): Heads =>
    side(columns(all, { from, width, count: slices, step }, context), dim);
  return {
    query: part(0, queryWidth, headDim),
    key: part(keysFrom, keyWidth, headDim),
    value: () => Promise.resolve(part(valuesFrom, valueWidth, valueDim)),
  };
}
