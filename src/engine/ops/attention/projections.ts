/** Queries, keys and values as the three kinds of projection make them. */
import type { Attention, Projections } from '../../../core/model/module';
import type { Context } from '../../context';
import type { Heads } from '../../kernels/kernels';
import type { Tensor, Value } from '../../tensor';
import { linear } from '../linear';
import { norm } from '../norm';
import { angles, rotate } from '../rotary';

interface Projected {
  readonly query: Heads;
  readonly key: Heads;
  /** Computed when asked for: the last attention of a run does not. */
  value(): Promise<Heads>;
}

/** @param x [queries, width]; @param source [keys, width]: x itself, except in cross attention. */
export async function project(
  module: Attention,
  x: Tensor,
  source: Tensor,
  context: Context,
): Promise<Projected> {
  const { projections } = module;
  switch (projections.type) {
    case 'separate':
      return separate(module, projections, x, source, context);
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
  context: Context,
): Promise<Projected> {
  const q = side(await linear(query, x, context), module.headDim);
  const k = side(await linear(key, source, context), module.headDim);
  rotateAll(module, q, x.shape[0]!, module.heads, 0);
  rotateAll(module, k, source.shape[0]!, module.keyValueHeads, 0);
  return {
    query: q,
    key: k,
    value: async () => side(await linear(value, source, context), module.valueDim),
  };
}

async function fused(
  module: Attention,
  { qkv }: Extract<Projections, { type: 'fused' }>,
  x: Tensor,
  context: Context,
): Promise<Projected> {
  const { heads, keyValueHeads, headDim, valueDim } = module;
  const keysFrom = heads * headDim;
  const valuesFrom = keysFrom + keyValueHeads * headDim;
  const both = await linear(qkv, x, context, [0, valuesFrom]);
  const query = side(both, headDim);
  const key = { ...query, offset: keysFrom };
  rotateAll(module, query, x.shape[0]!, heads, 0);
  rotateAll(module, key, x.shape[0]!, keyValueHeads, 0);
  return {
    query,
    key,
    value: async () =>
      side(await linear(qkv, x, context, [valuesFrom, valuesFrom + keyValueHeads * valueDim]), valueDim),
  };
}

/** Cross attention: queries of x, keys and values of the source, from the rows of one matrix (torch's own module). */
async function fusedAcross(
  { heads, keyValueHeads, headDim, valueDim, position }: Attention,
  { qkv }: Extract<Projections, { type: 'fused' }>,
  x: Tensor,
  source: Tensor,
  context: Context,
): Promise<Projected> {
  if (position.type !== 'none') throw new Error('positions in cross attention of a fused projection');
  const keysFrom = heads * headDim;
  const valuesFrom = keysFrom + keyValueHeads * headDim;
  const end = valuesFrom + keyValueHeads * valueDim;
  return {
    query: side(await linear(qkv, x, context, [0, keysFrom]), headDim),
    key: side(await linear(qkv, source, context, [keysFrom, valuesFrom]), headDim),
    value: async () => side(await linear(qkv, source, context, [valuesFrom, end]), valueDim),
  };
}

/** DeepSeek: a head's query and key are a part without position and a rotated part; the key's is one for all heads. */
async function latent(
  module: Attention,
  parts: Extract<Projections, { type: 'latent' }>,
  x: Tensor,
  context: Context,
): Promise<Projected> {
  const { heads, headDim, valueDim } = module;
  const { latentDim, rotaryDim } = parts;
  const length = x.shape[0]!;
  const plain = headDim - rotaryDim;
  const query = side(await latentQuery(parts, x, context), headDim);
  rotateAll(module, query, length, heads, plain);

  const down = await linear(parts.keyValueDown, x, context);
  const compressed = columns(down, 0, latentDim, context);
  const shared = columns(down, latentDim, rotaryDim, context);
  rotateAll(module, side(shared, rotaryDim), length, 1, 0);
  const up = await linear(parts.keyValueUp, await norm(parts.keyValueNorm, compressed, context), context);

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
  return { query, key, value: () => Promise.resolve(value) };
}

async function latentQuery(
  { query }: Extract<Projections, { type: 'latent' }>,
  x: Value,
  context: Context,
): Promise<Tensor> {
  if ('kind' in query) return linear(query, x, context);
  return linear(query.up, await norm(query.norm, await linear(query.down, x, context), context), context);
}

function side(x: Tensor, step: number): Heads {
  return { data: x.data, offset: 0, stride: x.shape[1]!, step };
}

/** Columns [from, from + count) as a tensor of their own. */
function columns(x: Tensor, from: number, count: number, context: Context): Tensor {
  const [rows, width] = [x.shape[0]!, x.shape[1]!];
  const out = context.zeros(rows, count);
  for (let s = 0; s < rows; s++) {
    out.data.set(x.data.subarray(s * width + from, s * width + from + count), s * count);
  }
  return out;
}

/** Rotates each head's dimensions from `skip` on, where the attention has rotary positions. */
function rotateAll({ position }: Attention, x: Heads, length: number, heads: number, skip: number): void {
  if (position.type !== 'rotary') return;
  const { rotary } = position;
  const table = angles(rotary, length);
  const layout = { stride: x.stride, offset: x.offset + skip, heads, step: x.step };
  rotate(x.data, length, layout, table, rotary.pairs === 'interleaved');
}
