/**
 * SegFormer (Xie et al. 2021) and PVT v2 (Wang et al. 2021): pyramids of stages whose attention sees a shrunk map, and
 * whose feed-forwards convolve their inner map, which takes the place of positions.
 */
import { activation, labels, type Common } from '../../config/common';
import { flag, real, size, sizePair, sizes, type Values } from '../../config/keys';
import { block, listed, type Chain, type Trace } from '../../model/build';
import type { Block, Module, Wire } from '../../model/module';
import { separateAttention } from '../blocks/attention';
import { batchNorm, convolution, layerNorm, linear } from '../blocks/layers';
import { act, imageNet, mapClassification, mapConvolution } from '../blocks/maps';
import { pixelInput } from '../blocks/patches';
import { family, type Blueprint, type Checks } from '../family';

const sharedKeys = {
  num_channels: size(3),
  num_encoder_blocks: size(4, { max: 64 }),
  depths: sizes([2, 2, 2, 2], { min: 0 }),
  sr_ratios: sizes([8, 4, 2, 1]),
  hidden_sizes: sizes([32, 64, 160, 256]),
  patch_sizes: sizes([7, 3, 3, 3]),
  strides: sizes([4, 2, 2, 2]),
  num_attention_heads: sizes([1, 2, 5, 8]),
  mlp_ratios: sizes([4, 4, 4, 4]),
  hidden_act: activation('gelu'),
  initializer_range: real(0.02),
} as const;

type Shared = Values<typeof sharedKeys> & Common;

/** What the two differ in. */
interface Style {
  readonly epsilon: number;
  readonly bias: boolean;
  /** Keys and values are a map of so many places a side, by its average, whatever its size (PVT v2 Linear). */
  readonly averaged?: number;
  readonly names: {
    readonly attention: readonly [query: string, key: string, value: string, output: string];
    readonly reduction: readonly [convolution: string, norm: string];
    readonly feedForward: readonly [up: string, down: string];
    readonly norms: readonly [before: string, after: string];
    readonly patches: string;
  };
}

const SEGFORMER: Style = {
  // The key for it is not read.
  epsilon: 1e-5,
  bias: true,
  names: {
    attention: ['q_proj', 'k_proj', 'v_proj', 'o_proj'],
    reduction: ['sequence_reduction.sequence_reduction', 'sequence_reduction.layer_norm'],
    feedForward: ['fc1', 'fc2'],
    norms: ['layernorm_before', 'layernorm_after'],
    patches: 'patch_embeddings',
  },
};

const PVT_V2: Style['names'] = {
  attention: ['query', 'key', 'value', 'proj'],
  reduction: ['spatial_reduction', 'layer_norm'],
  feedForward: ['dense1', 'dense2'],
  norms: ['layer_norm_1', 'layer_norm_2'],
  patches: 'patch_embedding',
};

/** x is tokens, `map` any feature map of the same places. */
type Step = (trace: Trace, x: Wire, map: Wire) => Wire;

/** Queries are all tokens, keys and values those of a map that a convolution has shrunk. */
function attentionPart(c: Shared, stage: number, style: Style): { parts: Record<string, Module>; run: Step } {
  const [width, heads] = [c.hidden_sizes[stage]!, c.num_attention_heads[stage]!];
  const headDim = Math.floor(width / heads);
  const inner = heads * headDim;
  const { bias, averaged } = style;
  const [query, key, value, output] = style.names.attention;
  const attention = separateAttention(
    { heads, headDim, mask: { type: 'full' } },
    {
      query: linear(width, inner, { bias }),
      key: linear(width, inner, { bias }),
      value: linear(width, inner, { bias }),
      output: linear(inner, width),
    },
    { query, key, value, output },
  );
  const ratio = averaged === undefined ? c.sr_ratios[stage]! : 1;
  if (ratio === 1 && averaged === undefined) {
    return { parts: { attention }, run: (trace, x) => trace.run(attention, x) };
  }
  const shape = { inputs: width, outputs: width, padding: 0, bias: true };
  const reduction = mapConvolution({ ...shape, kernel: ratio, stride: ratio }).module;
  const norm = layerNorm(width, style.epsilon);
  const average: Chain = averaged === undefined ? [] : [{ op: 'poolTo', height: averaged, width: averaged }];
  const shrink: Chain = [
    ...average,
    reduction,
    { op: 'patchesToTokens' },
    norm,
    ...(averaged === undefined ? [] : [act('gelu')]),
  ];
  const [convolutionName, normName] = style.names.reduction;
  return {
    parts: { attention, [`attention.${convolutionName}`]: reduction, [`attention.${normName}`]: norm },
    run: (trace, x, map) =>
      trace.run(attention, x, trace.chain(trace.run({ op: 'tokensToMap' }, x, map), ...shrink)),
  };
}

/** x + attention of norm x, then that + a feed-forward whose inner map is convolved, each channel with itself. */
function layer(c: Shared, stage: number, style: Style): Block {
  const width = c.hidden_sizes[stage]!;
  const inner = width * c.mlp_ratios[stage]!;
  const attention = attentionPart(c, stage, style);
  const [before, after] = [layerNorm(width, style.epsilon), layerNorm(width, style.epsilon)];
  const [up, down] = [linear(width, inner), linear(inner, width)];
  const depthwise = convolution(inner, inner, [3, 3], { padding: [1, 1], groups: inner });
  const { norms, feedForward } = style.names;
  const children = {
    [norms[0]]: before,
    ...attention.parts,
    [norms[1]]: after,
    [`mlp.${feedForward[0]}`]: up,
    'mlp.dwconv.dwconv': depthwise,
    [`mlp.${feedForward[1]}`]: down,
  };
  const rectified: Chain = style.averaged === undefined ? [] : [act('relu')];
  return block('layer', children, (trace, x, map) => {
    const attended = trace.add(x, attention.run(trace, trace.run(before, x), map));
    const wide = trace.run({ op: 'tokensToMap' }, trace.chain(attended, after, up, ...rectified), map);
    const fed = trace.chain(wide, depthwise, { op: 'patchesToTokens' }, act(c.hidden_act), down);
    return trace.add(attended, fed);
  });
}

/** Feature map → feature map, or tokens. */
function stageOf(c: Shared, index: number, style: Style, output: 'map' | 'tokens' = 'map'): Block {
  const width = c.hidden_sizes[index]!;
  const patches = mapConvolution({
    inputs: index === 0 ? c.num_channels : c.hidden_sizes[index - 1]!,
    outputs: width,
    kernel: c.patch_sizes[index]!,
    stride: c.strides[index]!,
    bias: true,
  }).module;
  const [patchNorm, last] = [layerNorm(width, style.epsilon), layerNorm(width, style.epsilon)];
  const layers = Array.from({ length: c.depths[index]! }, () => layer(c, index, style));
  const children = {
    [`${style.names.patches}.proj`]: patches,
    [`${style.names.patches}.layer_norm`]: patchNorm,
    ...listed('blocks', layers),
    layer_norm: last,
  };
  return block('stack', children, (trace, x) => {
    const map = trace.run(patches, x);
    const tokens = trace.chain(map, { op: 'patchesToTokens' }, patchNorm);
    const encoded = layers.reduce((each, module) => trace.run(module, each, map), tokens);
    const normed = trace.run(last, encoded);
    return output === 'map' ? trace.run({ op: 'tokensToMap' }, normed, map) : normed;
  });
}

function checkStages(c: Shared, checks: Checks): void {
  const staged = ['depths', 'sr_ratios', 'hidden_sizes', 'patch_sizes', 'strides'] as const;
  for (const key of [...staged, 'num_attention_heads', 'mlp_ratios'] as const) {
    const { length } = c[key];
    if (length < c.num_encoder_blocks) checks.length(key, length, 'num_encoder_blocks', c.num_encoder_blocks);
  }
  checks.stages('depths', c.depths);
}

const segformerKeys = {
  ...sharedKeys,
  decoder_hidden_size: size(256),
  reshape_last_stage: flag(true),
} as const;

type SegFormer = Values<typeof segformerKeys> & Common;

function segformerStages(c: SegFormer, last: 'map' | 'tokens'): Block[] {
  return Array.from({ length: c.num_encoder_blocks }, (_, index) =>
    stageOf(c, index, SEGFORMER, index === c.num_encoder_blocks - 1 ? last : 'map'),
  );
}

function segformerBody(c: SegFormer): Block {
  const stages = segformerStages(c, c.reshape_last_stage ? 'map' : 'tokens');
  return block('model', listed('stages', stages), (trace, pixels) => trace.chain(pixels, ...stages));
}

function segformerClassification(c: SegFormer): Blueprint {
  const segformer = segformerBody(c);
  const classifier = linear(c.hidden_sizes.at(-1)!, labels(c));
  const tokens: Chain = c.reshape_last_stage ? [{ op: 'patchesToTokens' }] : [];
  const root = block('model', { segformer, classifier }, (trace, pixels) =>
    trace.chain(pixels, segformer, ...tokens, { op: 'meanTokens' }, classifier),
  );
  return { root, inputs: imageNet(c) };
}

/** All stages' maps, projected to one width and brought to the size of the first, are joined and classified. */
function segmentation(c: SegFormer): Blueprint {
  const width = c.decoder_hidden_size;
  const stages = segformerStages(c, 'map');
  const projections = stages.map((_, index) => linear(c.hidden_sizes[index]!, width));
  const fuse = convolution(width * stages.length, width, [1, 1], { bias: false });
  const norm = batchNorm(width, 1e-5);
  const classifier = convolution(width, labels(c), [1, 1]);
  const projected = projections.map((each, index) => [`decode_head.linear_projections.${index}.proj`, each]);
  const children: Record<string, Module> = {
    ...listed('segformer.stages', stages),
    ...(Object.fromEntries(projected) as Record<string, Module>),
    'decode_head.linear_fuse': fuse,
    'decode_head.batch_norm': norm,
    'decode_head.classifier': classifier,
  };
  const root = block('model', children, (trace, pixels) => {
    const maps: Wire[] = [];
    for (const stage of stages) maps.push(trace.run(stage, maps.at(-1) ?? pixels));
    const alike = maps.map((map, index) => {
      const tokens = trace.chain(map, { op: 'patchesToTokens' }, projections[index]!);
      return trace.run({ op: 'resizeAs' }, trace.run({ op: 'tokensToMap' }, tokens, map), maps[0]!);
    });
    const joined = trace.run({ op: 'concatenate', axis: 'channels' }, ...alike.reverse());
    return trace.chain(joined, fuse, norm, act('relu'), classifier);
  });
  return { root, inputs: imageNet(c) };
}

export const segformer = family({
  modelType: 'segformer',
  keys: segformerKeys,
  base: 'SegformerModel',
  initializerRange: (c) => c.initializer_range,
  check: checkStages,
  architectures: {
    SegformerModel: (c) => ({ root: segformerBody(c), inputs: imageNet(c) }),
    SegformerForImageClassification: segformerClassification,
    SegformerForSemanticSegmentation: segmentation,
  },
});

const pvtV2Keys = {
  ...sharedKeys,
  image_size: sizePair(224),
  mlp_ratios: sizes([8, 8, 4, 4]),
  layer_norm_eps: real(1e-6),
  qkv_bias: flag(true),
  linear_attention: flag(false),
} as const;

type PvtV2 = Values<typeof pvtV2Keys> & Common;

function pvtV2Body(c: PvtV2): Block {
  const style: Style = {
    epsilon: c.layer_norm_eps,
    bias: c.qkv_bias,
    names: PVT_V2,
    ...(c.linear_attention ? { averaged: 7 } : {}),
  };
  const stages = Array.from({ length: c.num_encoder_blocks }, (_, index) => stageOf(c, index, style));
  return block('model', listed('encoder.layers', stages), (trace, pixels) => trace.chain(pixels, ...stages));
}

export const pvtV2 = family({
  modelType: 'pvt_v2',
  keys: pvtV2Keys,
  base: 'PvtV2Model',
  initializerRange: (c) => c.initializer_range,
  check(c, checks) {
    checkStages(c, checks);
    c.hidden_sizes
      .slice(0, c.num_encoder_blocks)
      .forEach((width, index) =>
        checks.multiple('hidden_sizes', width, 'num_attention_heads', c.num_attention_heads[index] ?? 1),
      );
  },
  architectures: {
    PvtV2Model: (c) => ({ root: pvtV2Body(c), inputs: pixelInput(c) }),
    PvtV2Backbone: (c) => ({ root: pvtV2Body(c), inputs: pixelInput(c) }),
    PvtV2ForImageClassification: (c) =>
      mapClassification(c, pixelInput(c), ['pvt_v2', pvtV2Body(c)], c.hidden_sizes.at(-1)!),
  },
});
