/**
 * Swin (Liu et al. 2021) and Swin v2 (Liu et al. 2022): attention inside of windows, shifted from layer to layer, and
 * patches merged from stage to stage. Donut's and MaskFormer's encoders are the first under older names.
 */
import { activation, labels } from '../../config/common';
import { flag, optionalDepth, real, size, sizePair, sizes } from '../../config/keys';
import { block, listed, parameter, type Chain } from '../../model/build';
import type { Block, Linear, Module, Operation, Starts } from '../../model/module';
import { layerNorm, linear, mlp, patchConvolution } from '../blocks/layers';
import { pixelInput } from '../blocks/patches';
import { ZERO_TOKENS } from '../blocks/starts';
import { family, type Blueprint, type Checks } from '../family';
import {
  DONUT,
  MASKFORMER,
  SECOND,
  SWIN,
  windowAttention,
  windowsOf,
  type Grid,
  type Stage,
  type SwinConfig,
  type Variant,
} from './windows';

const keys = {
  image_size: sizePair(224),
  patch_size: sizePair(4),
  num_channels: size(3),
  embed_dim: size(96, { role: 'width' }),
  depths: sizes([2, 2, 6, 2], { min: 0 }),
  num_heads: sizes([3, 6, 12, 24], { aliases: ['num_attention_heads'] }),
  window_size: size(7),
  mlp_ratio: real(4),
  qkv_bias: flag(true),
  hidden_act: activation('gelu'),
  use_absolute_embeddings: flag(false),
  initializer_range: real(0.02),
  layer_norm_eps: real(1e-5),
} as const;
const maskedKeys = {
  ...keys,
  encoder_stride: size(32),
  /** The head of masked images alone reads it; the stages are as many as `depths` has. */
  num_layers: optionalDepth({ aliases: ['num_hidden_layers'] }),
} as const;
const secondKeys = { ...maskedKeys, pretrained_window_sizes: sizes([0, 0, 0, 0], { min: 0 }) } as const;

type Masked = SwinConfig & { readonly encoder_stride: number; readonly num_layers: number | undefined };

/** The first version norms what goes into a branch, the second what comes out. */
function layer(c: SwinConfig, stage: Stage, index: number, variant: Variant): Block {
  const { width } = stage;
  const { names } = variant;
  const windows = windowsOf(c, stage, index, variant);
  const inner = Math.trunc(c.mlp_ratio * width);
  const attended = windowAttention(c, stage, windows, variant);
  const feedForward = mlp(c.hidden_act, { up: linear(width, inner), down: linear(inner, width) }, names);
  const [before, after] = [layerNorm(width, c.layer_norm_eps), layerNorm(width, c.layer_norm_eps)];
  const inWindows: Chain = [{ op: 'cutWindows', ...windows }, attended, { op: 'joinWindows', ...windows }];
  const children = {
    [names.attentionNorm]: before,
    [names.attention]: attended,
    [names.mlpNorm]: after,
    [names.mlp]: feedForward,
  };
  const [first, second]: readonly [Chain, Chain] = variant.second
    ? [
        [...inWindows, before],
        [feedForward, after],
      ]
    : [
        [before, ...inWindows],
        [after, feedForward],
      ];
  return block('layer', children, (trace, x) => {
    const seen = trace.add(x, trace.chain(x, ...first));
    return trace.add(seen, trace.chain(seen, ...second));
  });
}

function stage(c: SwinConfig, shape: Stage, depth: number, last: boolean, variant: Variant): Block {
  const { width, grid } = shape;
  const layers = Array.from({ length: depth }, (_, index) => layer(c, shape, index, variant));
  const reduction = linear(4 * width, 2 * width, { bias: false });
  const norm = layerNorm(variant.second ? 2 * width : 4 * width, 1e-5);
  const merge: Operation = { op: 'mergePatches', height: grid[0], width: grid[1] };
  const downsample = block('part', { reduction, norm }, (trace, x) =>
    trace.chain(x, merge, ...(variant.second ? [reduction, norm] : [norm, reduction])),
  );
  const children = { ...listed('blocks', layers), ...(last ? {} : { downsample }) };
  return block('stack', children, (trace, x) => trace.chain(x, ...layers, ...(last ? [] : [downsample])));
}

function embeddings(c: SwinConfig, maskToken: boolean, variant: Variant): Block {
  const [height, width] = c.image_size;
  const [rows, columns] = c.patch_size;
  const projection = patchConvolution(c.num_channels, c.embed_dim, c.patch_size);
  const norm = layerNorm(c.embed_dim, 1e-5);
  const patches = Math.floor(height / rows) * Math.floor(width / columns);
  const table = parameter(1, patches + variant.extraPosition, c.embed_dim);
  const bottom = (rows - (height % rows)) % rows;
  const right = (columns - (width % columns)) % columns;
  const pad: Chain = bottom + right === 0 ? [] : [{ op: 'pad', top: 0, bottom, left: 0, right }];
  return block(
    'embeddings',
    { 'patch_embeddings.projection': projection, norm },
    (trace, pixels) =>
      trace.chain(
        pixels,
        ...pad,
        projection,
        { op: 'patchesToTokens' },
        norm,
        ...(c.use_absolute_embeddings ? [{ op: 'addTable', table } as const] : []),
      ),
    {
      ...(maskToken ? { mask_token: parameter(1, 1, c.embed_dim) } : {}),
      ...(c.use_absolute_embeddings ? { position_embeddings: table } : {}),
    },
  );
}

function widthOf(c: SwinConfig): number {
  return c.embed_dim * 2 ** (c.depths.length - 1);
}

/** Pixels → the tokens of the last stage [b, s, width]. */
function body(c: SwinConfig, variant: Variant, maskToken = false): Block {
  const cut = (round: (value: number) => number): Grid => [
    round(c.image_size[0] / c.patch_size[0]),
    round(c.image_size[1] / c.patch_size[1]),
  ];
  let grid = cut(Math.ceil);
  const nominal = cut(Math.floor);
  const stages = c.depths.map((depth, index) => {
    const scale = 2 ** index;
    const shape: Stage = {
      index,
      width: c.embed_dim * scale,
      heads: c.num_heads[index]!,
      grid,
      nominal: [Math.floor(nominal[0] / scale), Math.floor(nominal[1] / scale)],
    };
    const made = stage(c, shape, depth, index === c.depths.length - 1, variant);
    grid = [Math.ceil(grid[0] / 2), Math.ceil(grid[1] / 2)];
    return made;
  });
  const encoder = block('stack', listed('layers', stages), (trace, x) => trace.chain(x, ...stages));
  const parts: Record<string, Module> = { embeddings: embeddings(c, maskToken, variant), encoder };
  if (variant.finalNorm) parts['layernorm'] = layerNorm(widthOf(c), c.layer_norm_eps);
  return block('model', parts, (trace, pixels) => trace.chain(pixels, ...Object.values(parts)));
}

const base =
  (variant: Variant) =>
  (c: SwinConfig): Blueprint => ({ root: body(c, variant), inputs: pixelInput(c) });

const classification =
  (name: string, variant: Variant) =>
  (c: SwinConfig): Blueprint => {
    const swin = body(c, variant);
    const heads: Linear[] = labels(c) === 0 ? [] : [linear(widthOf(c), labels(c))];
    const children = { [name]: swin, ...(heads[0] === undefined ? {} : { classifier: heads[0] }) };
    const root = block('model', children, (trace, pixels) =>
      trace.chain(pixels, swin, { op: 'meanTokens' }, ...heads),
    );
    return { root, inputs: pixelInput(c) };
  };

/** Predicts the pixels of masked patches (SimMIM), from the last grid. */
const maskedImages =
  (name: string, variant: Variant) =>
  (c: Masked): Blueprint => {
    const swin = body(c, variant, true);
    const scale = 2 ** (c.depths.length - 1);
    const [height, width] = [0, 1].map((axis) =>
      Math.ceil(Math.ceil(c.image_size[axis]! / c.patch_size[axis]!) / scale),
    ) as [number, number];
    const channels = c.embed_dim * 2 ** ((c.num_layers ?? c.depths.length) - 1);
    const pixels = patchConvolution(channels, c.encoder_stride ** 2 * c.num_channels, [1, 1]);
    const root = block('model', { [name]: swin, 'decoder.0': pixels }, (trace, x) =>
      trace.chain(x, swin, { op: 'tokensToPatches', height, width }, pixels, {
        op: 'pixelShuffle',
        factor: c.encoder_stride,
      }),
    );
    return { root, inputs: pixelInput(c) };
  };

function check(c: SwinConfig, checks: Checks): void {
  checks.stages('depths', c.depths);
  if (c.num_heads.length < c.depths.length) {
    checks.length('num_heads', c.num_heads.length, 'depths', c.depths.length);
  }
}

/** Biases by distance, and positions, start with zeros. */
const TABLES: Starts = [...ZERO_TOKENS, [/relative_position_bias_table$/, { value: 0 }]];

export const swin = family({
  modelType: 'swin',
  keys: maskedKeys,
  base: 'SwinModel',
  initializerRange: (c) => c.initializer_range,
  starts: () => TABLES,
  check,
  architectures: {
    SwinModel: base(SWIN),
    SwinForImageClassification: classification('swin', SWIN),
    SwinForMaskedImageModeling: maskedImages('swin', SWIN),
  },
});

export const swinv2 = family({
  modelType: 'swinv2',
  keys: secondKeys,
  base: 'Swinv2Model',
  initializerRange: (c) => c.initializer_range,
  starts: () => [...TABLES, [/logit_scale$/, { value: Math.log(10) }]],
  check(c, checks) {
    check(c, checks);
    c.depths.forEach((_, index) =>
      checks.multiple('embed_dim', c.embed_dim * 2 ** index, 'num_heads', c.num_heads[index] ?? 1),
    );
  },
  architectures: {
    Swinv2Model: base(SECOND),
    Swinv2ForImageClassification: classification('swinv2', SECOND),
    Swinv2ForMaskedImageModeling: maskedImages('swinv2', SECOND),
  },
});

export const donutSwin = family({
  modelType: 'donut-swin',
  keys,
  base: 'DonutSwinModel',
  initializerRange: (c) => c.initializer_range,
  starts: () => TABLES,
  check,
  architectures: {
    DonutSwinModel: base(DONUT),
    DonutSwinForImageClassification: classification('donut', DONUT),
  },
});

export const maskformerSwin = family({
  modelType: 'maskformer-swin',
  keys,
  base: 'MaskFormerSwinModel',
  initializerRange: (c) => c.initializer_range,
  starts: () => TABLES,
  check,
  architectures: { MaskFormerSwinModel: base(MASKFORMER) },
});
