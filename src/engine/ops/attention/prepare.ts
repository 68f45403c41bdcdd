/** What happens to queries, keys and values between their projections and their product. */
import type { Attention, Norm, PositionScheme } from '../../../core/model/module';
import type { Context } from '../../context';
import type { Heads } from '../../kernels/kernels';
import type { Tensor } from '../../tensor';
import { norm, scaleOf } from '../norm';
import { anglesOf, rotate } from '../rotary';
import { toCosines } from './cosine';
import { gridAngles } from './gridRotary';
import { eachElement, packed, side } from './heads';
import type { Projected } from './projections';

/** Clips, normalises and turns what was projected, in the order in which the attention does. */
export async function prepare(
  module: Attention,
  projected: Projected,
  { queries, keys }: { readonly queries: number; readonly keys: number },
  context: Context,
): Promise<Projected> {
  const { heads, keyValueHeads, headDim, valueDim, clip, queryGrowth: growth, position } = module;
  const query = await positioned(module, 'query', projected.query, queries, context);
  const key = await positioned(module, 'key', projected.key, keys, context);
  if (module.cosine !== undefined) {
    await toCosines(module, module.cosine, query, key, [queries, keys], context);
  }
  if (growth !== undefined) {
    const { beta, span, first = 0 } = growth;
    const factors = Float32Array.from(
      { length: queries },
      (_, row) => 1 + beta * Math.log1p(Math.floor((row + first) / span)),
    );
    eachElement(query, queries, heads, headDim, (value, row) => value * factors[row]!);
  }
  return {
    ...projected,
    query,
    key,
    value: async () => {
      const value = await projected.value();
      if (clip !== undefined) eachElement(value, keys, keyValueHeads, valueDim, clipped(clip));
      if (position.type === 'rotary' && position.values) {
        rotateHeads(position, value, keys, keyValueHeads, 0, context);
      }
      return value;
    },
  };
}

async function positioned(
  module: Attention,
  which: 'query' | 'key',
  x: Heads,
  length: number,
  context: Context,
): Promise<Heads> {
  const { clip, headDim, queryKeyNorm: norms, position, projections } = module;
  const heads = which === 'query' ? module.heads : module.keyValueHeads;
  const turn = (own: Heads): void => {
    // Latent projections turn a part of each head, while they make it.
    if (projections.type !== 'latent') rotateHeads(position, own, length, heads, 0, context);
    if (position.type === 'rotaryGrid') {
      const layout = { stride: own.stride, offset: own.offset, heads, step: own.step };
      rotate(own.data, length, layout, gridAngles(position, headDim, length), false);
    }
  };
  const cut = (own: Heads): void => {
    if (clip !== undefined) eachElement(own, length, heads, headDim, clipped(clip));
  };
  const shape = { length, heads, dim: headDim };
  if (norms === undefined) {
    cut(x);
    turn(x);
    return x;
  }
  if (norms.rotated) turn(x);
  const normal = await normalised(norms[which], norms.over, x, shape, context);
  // What is both normalised and clipped is normalised first (OLMoE).
  cut(normal);
  if (!norms.rotated) turn(normal);
  return normal;
}

function clipped(clip: number): (value: number) => number {
  return (value) => Math.min(clip, Math.max(-clip, value));
}

/** Rotates each head's dimensions from `skip` on, where there are rotary positions. */
export function rotateHeads(
  position: PositionScheme,
  x: Heads,
  length: number,
  heads: number,
  skip: number,
  context: Context,
): void {
  if (position.type !== 'rotary') return;
  const { rotary } = position;
  const layout = { stride: x.stride, offset: x.offset + skip, heads, step: x.step };
  rotate(x.data, length, layout, anglesOf(rotary, length, context), rotary.pairs === 'interleaved');
}

interface HeadShape {
  readonly length: number;
  readonly heads: number;
  readonly dim: number;
}

/** Heads after one norm for all of them, one for each, or one over all side by side. */
async function normalised(
  norms: readonly Norm[],
  over: 'head' | 'all',
  x: Heads,
  { length, heads, dim }: HeadShape,
  context: Context,
): Promise<Heads> {
  const own = packed(x, length, heads, dim, context);
  const [first] = norms;
  const ofEachHead = norms.length > 1 || (first!.weight?.shape.length ?? 1) > 1;
  if (over === 'all') return side(await norm(first!, own, context), dim);
  const vectors = { shape: [length * heads, dim], data: own.data };
  if (!ofEachHead) return side({ ...(await norm(first!, vectors, context)), shape: own.shape }, dim);
  const normal = await norm(unscaled(first!), vectors, context);
  const scales = await headScales(norms, context);
  scaleHeads(normal, heads, scales);
  return side({ shape: own.shape, data: normal.data }, dim);
}

/** The norm alone: its weight and bias differ from head to head. */
function unscaled({ weight: _, bias: __, weightOffset: ___, ...rest }: Norm): Norm {
  return rest;
}

interface Scales {
  /** [heads · dim]. */
  readonly weight: Float32Array | undefined;
  readonly bias: Float32Array | undefined;
}

/** Weights and biases, head by head: of a norm each, or of one whose weight is [heads, dim]. */
async function headScales(norms: readonly Norm[], context: Context): Promise<Scales> {
  const all: Awaited<ReturnType<typeof scaleOf>>[] = [];
  for (const each of norms) all.push(await scaleOf(each, context));
  const joined = (of: 'weight' | 'bias'): Float32Array | undefined =>
    all[0]![of] === undefined ? undefined : Float32Array.from(all.flatMap((each) => [...each[of]!]));
  return { weight: joined('weight'), bias: joined('bias') };
}

/** Rows of x go through the heads' scales in turn. */
function scaleHeads(x: Tensor, heads: number, { weight, bias }: Scales): void {
  const size = heads * x.shape[1]!;
  for (let i = 0; i < x.data.length; i++) {
    x.data[i] = x.data[i]! * (weight?.[i % size] ?? 1) + (bias?.[i % size] ?? 0);
  }
}
