/** The vision towers of Qwen2-VL, 2.5 and 3. */
import { activation, anyActivation } from '../../config/common';
import { any, depth, object, size, type Values } from '../../config/keys';
import { block, listed, type Chain } from '../../model/build';
import type {
  Block,
  Mlp,
  Module,
  ModelInput,
  Norm,
  Operation,
  Parameter,
  PositionScheme,
} from '../../model/module';
import { NO_CHILDREN } from '../../model/module';
import { parameter } from '../../model/build';
import { fusedAttention } from '../blocks/attention';
import { gatedMlp } from '../blocks/feedForward';
import { layerNorm, linear, mlp, patchConvolution, rmsNorm } from '../blocks/layers';
import { sequential } from '../blocks/residual';
import { number } from '../blocks/rotary';

const common = {
  depth: depth(32),
  num_heads: size(16, { aliases: ['num_attention_heads'] }),
  in_channels: size(3),
  patch_size: size(14),
  spatial_merge_size: size(2),
  temporal_patch_size: size(2),
  rope_parameters: object(),
} as const;

export const qwen2VisionKeys = {
  ...common,
  embed_dim: size(1280),
  /** Of the tokens for the language model. */
  hidden_size: size(3584),
  hidden_act: activation('quick_gelu'),
  mlp_ratio: size(4),
} as const;

export const qwen25VisionKeys = {
  ...common,
  hidden_size: size(3584),
  hidden_act: anyActivation('silu'),
  intermediate_size: size(3420),
  window_size: size(112),
  out_hidden_size: size(3584),
  fullatt_block_indexes: any(),
} as const;

export const qwen3VisionKeys = {
  ...common,
  depth: depth(27),
  patch_size: size(16),
  hidden_size: size(1152),
  hidden_act: anyActivation('gelu_pytorch_tanh'),
  intermediate_size: size(4304),
  out_hidden_size: size(3584),
  num_position_embeddings: size(2304),
  deepstack_visual_indexes: any(),
} as const;

/** A tower, and the image that it is counted with. */
export interface Tower {
  readonly root: Block;
  readonly pixels: ModelInput;
}

/** Tokens along a side of the image that costs are counted for: the classes take images of any size. */
const SIDE = 16;

type Common = Values<typeof common>;

/** An image of `tokens` × `tokens` squares; it is repeated to fill the patch over time. */
function imageOf(c: Common, tokens = SIDE): ModelInput {
  const side = tokens * c.spatial_merge_size * c.patch_size;
  const { in_channels: channels, temporal_patch_size: frames } = c;
  return { name: 'pixel_values', type: 'pixels', channels, height: side, width: side, frames };
}

/** Patches [b, s, width] of patches over time, rows and columns. */
function patches(c: Common, width: number, bias: boolean) {
  const sides = [c.temporal_patch_size, c.patch_size, c.patch_size];
  const projection = patchConvolution(c.in_channels, width, sides, bias);
  const chain: Chain = [{ op: 'swapFramesAndChannels' }, projection, { op: 'patchesToTokens' }];
  return { projection, chain };
}

/** Rows and columns turn half of each head's frequencies each. */
function gridPositions(c: Common, side: number): PositionScheme {
  const theta = number(c.rope_parameters ?? {}, 'rope_theta') ?? 10000;
  return { type: 'rotaryGrid', theta, height: side, width: side, places: 'indices' };
}

/** Attention and feed-forward with a norm before each, over all patches or inside of windows. */
function layer(
  c: Common,
  own: {
    readonly width: number;
    readonly norm: () => Norm;
    readonly mlp: Mlp;
    /** Patches along a side of the image. */
    readonly side: number;
    /** Patches along a side of a window. */
    readonly window?: number;
  },
): Block {
  const { width, window, side } = own;
  const attention = fusedAttention(
    {
      heads: c.num_heads,
      headDim: Math.floor(width / c.num_heads),
      mask: { type: 'full' },
      // Between two tokens of a window the angle is the same wherever the window lies.
      position: gridPositions(c, window ?? side),
    },
    { qkv: linear(width, 3 * width), output: linear(width, width) },
    { qkv: 'qkv', output: 'proj' },
  );
  const children = { norm1: own.norm(), norm2: own.norm(), attn: attention, mlp: own.mlp };
  const windows = { height: side, width: side, window: window ?? side, shift: 0 };
  const attend: Chain =
    window === undefined
      ? [attention]
      : [{ op: 'cutWindows', ...windows }, attention, { op: 'joinWindows', ...windows }];
  return block('layer', children, (trace, x) =>
    sequential(trace, x, [children.norm1, ...attend], [children.norm2, own.mlp]),
  );
}

interface MergerNames {
  readonly norm: string;
  readonly first: string;
  readonly second: string;
}

/** Squares of neighbours → one token of the language model each, through two linear maps. */
function merger(
  c: Common,
  own: { readonly width: number; readonly outputs: number; readonly side: number; readonly norm: Norm },
  names: MergerNames,
  normed: 'before' | 'joined' = 'before',
): Block {
  const inner = own.width * c.spatial_merge_size ** 2;
  const [first, second] = [linear(inner, inner), linear(inner, own.outputs)];
  const join: Operation = {
    op: 'joinSquares',
    height: own.side,
    width: own.side,
    side: c.spatial_merge_size,
  };
  const start: Chain = normed === 'before' ? [own.norm, join] : [join, own.norm];
  const children = { [names.norm]: own.norm, [names.first]: first, [names.second]: second };
  return block('part', children, (trace, x) =>
    trace.chain(x, ...start, first, { op: 'activation', activation: 'gelu' }, second),
  );
}

const QWEN2_MERGER: MergerNames = { norm: 'ln_q', first: 'mlp.0', second: 'mlp.2' };
const QWEN3_MERGER: MergerNames = { norm: 'norm', first: 'linear_fc1', second: 'linear_fc2' };

function indexes(given: unknown, fallback: readonly number[]): readonly number[] {
  return Array.isArray(given) ? given.filter((each) => typeof each === 'number') : fallback;
}

/** Patches → layers → merger. */
function tower(
  start: ReturnType<typeof patches>,
  layers: readonly Block[],
  last: Block,
  pixels: ModelInput,
): Tower {
  const children = { 'patch_embed.proj': start.projection, ...listed('blocks', layers), merger: last };
  const root = block('stack', children, (trace, x) => trace.chain(x, ...start.chain, ...layers, last));
  return { root, pixels };
}

export function qwen2Tower(c: Values<typeof qwen2VisionKeys>): Tower {
  const width = c.embed_dim;
  const inner = width * c.mlp_ratio;
  const side = SIDE * c.spatial_merge_size;
  const norm = () => layerNorm(width, 1e-6);
  const layers = Array.from({ length: c.depth }, () =>
    layer(c, {
      width,
      norm,
      side,
      mlp: mlp(
        c.hidden_act,
        { up: linear(width, inner), down: linear(inner, width) },
        { up: 'fc1', down: 'fc2' },
      ),
    }),
  );
  const last = merger(c, { width, outputs: c.hidden_size, side, norm: norm() }, QWEN2_MERGER);
  return tower(patches(c, width, false), layers, last, imageOf(c));
}

export function qwen25Tower(c: Values<typeof qwen25VisionKeys>): Tower {
  const width = c.hidden_size;
  // In squares of patches; the image is cut into whole ones.
  const window = Math.max(1, Math.floor(Math.floor(c.window_size / c.spatial_merge_size) / c.patch_size));
  const tokens = Math.ceil(SIDE / window) * window;
  const side = tokens * c.spatial_merge_size;
  const full = indexes(c.fullatt_block_indexes, [7, 15, 23, 31]);
  const norm = () => rmsNorm(width, 1e-6);
  const layers = Array.from({ length: c.depth }, (_, index) =>
    layer(c, {
      width,
      norm,
      side,
      ...(full.includes(index) ? {} : { window: window * c.spatial_merge_size }),
      mlp: gatedMlp(width, c.intermediate_size, c.hidden_act, true),
    }),
  );
  const last = merger(c, { width, outputs: c.out_hidden_size, side, norm: norm() }, QWEN2_MERGER);
  return tower(patches(c, width, false), layers, last, imageOf(c, tokens));
}

/** A learned grid of positions [rows, width], interpolated to the image's. */
function positionGrid(table: Parameter, side: number): Chain {
  const learned = Math.floor(Math.sqrt(table.shape[0]!));
  return [
    { op: 'learnedSequence', table },
    { op: 'tokensToPatches', height: learned, width: learned },
    { op: 'resize', height: side, width: side },
    { op: 'patchesToTokens' },
  ];
}

export function qwen3Tower(c: Values<typeof qwen3VisionKeys>): Tower {
  const width = c.hidden_size;
  const side = SIDE * c.spatial_merge_size;
  const start = patches(c, width, true);
  const table = parameter(c.num_position_embeddings, width);
  const norm = () => layerNorm(width, 1e-6);
  const layers = Array.from({ length: c.depth }, () => {
    const [up, down] = [linear(width, c.intermediate_size), linear(c.intermediate_size, width)];
    const names = { up: 'linear_fc1', down: 'linear_fc2', activation: 'act_fn' };
    return layer(c, { width, norm, side, mlp: mlp(c.hidden_act, { up, down }, names) });
  });
  const shape = { width, outputs: c.out_hidden_size, side };
  const last = merger(c, { ...shape, norm: norm() }, QWEN3_MERGER);
  const deep = indexes(c.deepstack_visual_indexes, [8, 16, 24]);
  const joined = width * c.spatial_merge_size ** 2;
  const mergers = deep.map(() =>
    merger(c, { ...shape, norm: layerNorm(joined, 1e-6) }, QWEN3_MERGER, 'joined'),
  );
  const children: Record<string, Module> = {
    'patch_embed.proj': start.projection,
    pos_embed: { kind: 'holder', parameters: { weight: table }, children: NO_CHILDREN },
    ...listed('blocks', layers),
    merger: last,
    ...listed('deepstack_merger_list', mergers),
  };
  const root = block('stack', children, (trace, pixels) => {
    const cut = trace.chain(pixels, ...start.chain);
    let x = trace.add(cut, trace.chain(cut, ...positionGrid(table, side)));
    // Features of some layers, which the decoder adds to those of its first layers.
    const below = layers.flatMap((each, index) => {
      x = trace.run(each, x);
      const taken = mergers[deep.indexOf(index)];
      return taken === undefined ? [] : [trace.run(taken, x)];
    });
    return trace.run({ op: 'concatenate', axis: 'features' }, trace.run(last, x), ...below);
  });
  return { root, pixels: imageOf(c) };
}
