/** MobileViT (Mehta and Rastegari 2021) and its second version (2022): MobileNet's layers around small transformers. */
import { activation, type Common } from '../../config/common';
import { flag, real, size, sizePair, sizes, type Values } from '../../config/keys';
import { block, listed } from '../../model/build';
import type { Block, Module } from '../../model/module';
import { layerNorm } from '../blocks/layers';
import {
  act,
  groupNorm,
  invertedResidual,
  mapClassification,
  normedConvolution,
  pointwise,
  type NormedConvolution,
} from '../blocks/maps';
import { BERT_LIKE_NAMES, patchLayer, pixelInput } from '../blocks/patches';
import { divisible, roundHalfEven } from '../blocks/rounding';
import { family, type Checks } from '../family';
import { deepLab, type Body } from './deepLab';

const sharedKeys = {
  num_channels: size(3),
  image_size: sizePair(256),
  patch_size: sizePair(2),
  conv_kernel_size: size(3),
  output_stride: size(32),
  initializer_range: real(0.02),
  layer_norm_eps: real(1e-5),
  atrous_rates: sizes([6, 12, 18]),
} as const;

const keys = {
  ...sharedKeys,
  hidden_sizes: sizes([144, 192, 240]),
  neck_hidden_sizes: sizes([16, 32, 64, 96, 128, 160, 640]),
  num_attention_heads: size(4),
  mlp_ratio: real(2),
  expand_ratio: real(4),
  hidden_act: activation('silu'),
  qkv_bias: flag(true),
  aspp_out_channels: size(256),
} as const;

const v2Keys = {
  ...sharedKeys,
  expand_ratio: real(2),
  hidden_act: activation('swish'),
  aspp_out_channels: size(512),
  n_attn_blocks: sizes([2, 4, 3], { min: 0 }),
  base_attn_unit_dims: sizes([128, 192, 256]),
  width_multiplier: real(1),
  ffn_multiplier: size(2),
} as const;

type First = Values<typeof keys> & Common;
type Second = Values<typeof v2Keys> & Common;
/** What both versions read. */
type Shared = Values<typeof sharedKeys> &
  Common & { readonly hidden_act: string; readonly expand_ratio: number };

/** Convolution, norm and activation, which keep the size but for the stride. */
function convolved(c: Shared, shape: NormedConvolution): Block {
  const padding = Math.trunc((shape.kernel - 1) / 2) * (shape.dilation ?? 1);
  return normedConvolution({ activation: c.hidden_act, ...shape, padding });
}

function inverted(c: Shared, inputs: number, outputs: number, stride: number, dilation = 1): Block {
  const expanded = divisible(roundHalfEven(inputs * c.expand_ratio), 8);
  return invertedResidual((shape) => convolved(c, shape), { inputs, outputs, expanded, stride, dilation });
}

/** So many inverted residuals, the first with the stride. */
function mobileLayer(c: Shared, inputs: number, outputs: number, stride: number, depth: number): Block {
  const layers = Array.from({ length: depth }, (_, at) =>
    at === 0 ? inverted(c, inputs, outputs, stride) : inverted(c, outputs, outputs, 1),
  );
  return block('stack', listed('layer', layers), (trace, x) => trace.chain(x, ...layers));
}

/** How a layer with a transformer is entered: halved, or with kernels that reach further where it may not shrink. */
interface Entry {
  readonly inputs: number;
  readonly outputs: number;
  readonly width: number;
  readonly depth: number;
  readonly dilation: number;
}

function entered(c: Shared, { inputs, outputs, dilation }: Entry): Block {
  return dilation === 1
    ? inverted(c, inputs, outputs, 2)
    : inverted(c, inputs, outputs, 1, Math.floor(dilation / 2));
}

/** Convolutions; attention between the same spots of all patches; and both views of the map, convolved together. */
function transformerLayer(c: First, entry: Entry): Block {
  const { outputs, width, depth } = entry;
  const kernel = c.conv_kernel_size;
  const down = entered(c, entry);
  const local = convolved(c, { inputs: outputs, outputs, kernel });
  const widen = pointwise(outputs, width);
  const bias = c.qkv_bias;
  const shape = {
    width,
    heads: c.num_attention_heads,
    intermediate: Math.trunc(width * c.mlp_ratio),
    activation: c.hidden_act,
    epsilon: c.layer_norm_eps,
    biases: { query: bias, key: bias, value: bias },
  };
  const layers = Array.from({ length: depth }, () => patchLayer(shape, BERT_LIKE_NAMES));
  const norm = layerNorm(width, c.layer_norm_eps);
  const projection = convolved(c, { inputs: width, outputs, kernel: 1 });
  const fusion = convolved(c, { inputs: 2 * outputs, outputs, kernel });
  const children = {
    downsampling_layer: down,
    conv_kxk: local,
    conv_1x1: widen,
    ...listed('transformer.layer', layers),
    layernorm: norm,
    conv_projection: projection,
    fusion,
  };
  const patches = { size: c.patch_size[0], form: 'sequences' } as const;
  return block('stack', children, (trace, x) => {
    const kept = trace.run(down, x);
    const map = trace.chain(kept, local, widen);
    const encoded = trace.chain(map, { op: 'cutPatches', ...patches }, ...layers, norm);
    const folded = trace.run({ op: 'joinPatches', ...patches }, encoded, map);
    const both = trace.run({ op: 'concatenate', axis: 'channels' }, kept, trace.run(projection, folded));
    return trace.run(fusion, both);
  });
}

/** x + separable attention of norm x, then that + two convolutions of norm x, all of patches [b, width, spots, patches]. */
function separableLayer(c: Second, width: number): Block {
  const inner = Math.floor((c.ffn_multiplier * width) / 16) * 16;
  const [before, after] = [groupNorm(1, width, c.layer_norm_eps), groupNorm(1, width, c.layer_norm_eps)];
  const qkv = pointwise(width, 1 + 2 * width, true);
  const output = pointwise(width, width, true);
  const [up, down] = [pointwise(width, inner, true), pointwise(inner, width, true)];
  const children = {
    layernorm_before: before,
    'attention.qkv_proj': qkv,
    'attention.out_proj': output,
    layernorm_after: after,
    'ffn.conv1': up,
    'ffn.conv2': down,
  };
  return block('layer', children, (trace, x) => {
    const attended = trace.add(x, trace.chain(x, before, qkv, { op: 'separableAttention' }, output));
    return trace.add(attended, trace.chain(attended, after, up, act(c.hidden_act), down));
  });
}

function separableStack(c: Second, entry: Entry): Block {
  const { outputs, width, depth } = entry;
  const down = entered(c, entry);
  const local = convolved(c, { inputs: outputs, outputs, kernel: c.conv_kernel_size, groups: outputs });
  const widen = pointwise(outputs, width);
  const layers = Array.from({ length: depth }, () => separableLayer(c, width));
  const norm = groupNorm(1, width, c.layer_norm_eps);
  const projection = convolved(c, { inputs: width, outputs, kernel: 1, activation: undefined });
  const children = {
    downsampling_layer: down,
    conv_kxk: local,
    conv_1x1: widen,
    ...listed('transformer.layer', layers),
    layernorm: norm,
    conv_projection: projection,
  };
  const patches = { size: c.patch_size[0], form: 'maps' } as const;
  return block('stack', children, (trace, x) => {
    const map = trace.chain(x, down, local, widen);
    const encoded = trace.chain(map, { op: 'cutPatches', ...patches }, ...layers, norm);
    return trace.run(projection, trace.run({ op: 'joinPatches', ...patches }, encoded, map));
  });
}

/** Dilations of the last two layers, where the map may not shrink to a thirty-second. */
function dilations(outputStride: number): readonly [number, number] {
  if (outputStride === 8) return [2, 4];
  return outputStride === 16 ? [1, 2] : [1, 1];
}

function bodyOf(stem: Block, layers: readonly Block[], final: Record<string, Module>): Block {
  const children = { conv_stem: stem, ...listed('encoder.layer', layers), ...final };
  return block('model', children, (trace, pixels) =>
    trace.chain(pixels, stem, ...layers, ...Object.values(final)),
  );
}

/** @param expanded with a last convolution, which segmentation has not. */
function firstBody(c: First, expanded = true): Body {
  const neck = c.neck_hidden_sizes;
  const [fourth, fifth] = dilations(c.output_stride);
  const between = (at: number) => ({
    inputs: neck[at]!,
    outputs: neck[at + 1]!,
    width: c.hidden_sizes[at - 2]!,
  });
  const layers = [
    mobileLayer(c, neck[0]!, neck[1]!, 1, 1),
    mobileLayer(c, neck[1]!, neck[2]!, 2, 3),
    transformerLayer(c, { ...between(2), depth: 2, dilation: 1 }),
    transformerLayer(c, { ...between(3), depth: 4, dilation: fourth }),
    transformerLayer(c, { ...between(4), depth: 3, dilation: fifth }),
  ];
  const stem = convolved(c, { inputs: c.num_channels, outputs: neck[0]!, kernel: 3, stride: 2 });
  const final = convolved(c, { inputs: neck[5]!, outputs: neck[6] ?? 1, kernel: 1 });
  return {
    root: bodyOf(stem, layers, expanded ? { conv_1x1_exp: final } : {}),
    outputs: expanded ? neck.at(-1)! : neck.at(-2)!,
  };
}

function secondBody(c: Second): Body {
  const by = c.width_multiplier;
  const wide = (channels: number, divisor = 8) => divisible(channels * by, divisor);
  const first = divisible(Math.max(16, Math.min(64, 32 * by)), 8, 16);
  const widths = [wide(64, 16), wide(128), wide(256), wide(384), wide(512)];
  const [fourth, fifth] = dilations(c.output_stride);
  const stacks = [1, fourth, fifth].map((dilation, at) =>
    separableStack(c, {
      inputs: widths[at + 1]!,
      outputs: widths[at + 2]!,
      width: wide(c.base_attn_unit_dims[at]!),
      depth: c.n_attn_blocks[at]!,
      dilation,
    }),
  );
  const layers = [
    mobileLayer(c, first, widths[0]!, 1, 1),
    mobileLayer(c, widths[0]!, widths[1]!, 2, 2),
    ...stacks,
  ];
  const stem = convolved(c, { inputs: c.num_channels, outputs: first, kernel: 3, stride: 2 });
  return { root: bodyOf(stem, layers, {}), outputs: widths[4]! };
}

/** The lists have an entry for each of the layers, whose number is fixed. */
function atLeast(checks: Checks, key: string, found: number, wanted: number): void {
  if (found < wanted) checks.length(key, found, 'layers', wanted);
}

export const mobilevit = family({
  modelType: 'mobilevit',
  keys,
  base: 'MobileViTModel',
  initializerRange: (c) => c.initializer_range,
  check(c, checks) {
    atLeast(checks, 'neck_hidden_sizes', c.neck_hidden_sizes.length, 6);
    atLeast(checks, 'hidden_sizes', c.hidden_sizes.length, 3);
    for (const width of c.hidden_sizes.slice(0, 3)) {
      checks.multiple('hidden_sizes', width, 'num_attention_heads', c.num_attention_heads);
    }
  },
  architectures: {
    MobileViTModel: (c) => ({ root: firstBody(c).root, inputs: pixelInput(c) }),
    MobileViTForImageClassification: (c) => {
      const { root, outputs } = firstBody(c);
      return mapClassification(c, pixelInput(c), ['mobilevit', root], outputs);
    },
    MobileViTForSemanticSegmentation: (c) =>
      deepLab(c, ['mobilevit', firstBody(c, false)], (shape) => convolved(c, shape)),
  },
});

export const mobilevitV2 = family({
  modelType: 'mobilevitv2',
  keys: v2Keys,
  base: 'MobileViTV2Model',
  initializerRange: (c) => c.initializer_range,
  check(c, checks) {
    atLeast(checks, 'n_attn_blocks', c.n_attn_blocks.length, 3);
    atLeast(checks, 'base_attn_unit_dims', c.base_attn_unit_dims.length, 3);
    checks.stages('n_attn_blocks', c.n_attn_blocks);
  },
  architectures: {
    MobileViTV2Model: (c) => ({ root: secondBody(c).root, inputs: pixelInput(c) }),
    MobileViTV2ForImageClassification: (c) => {
      const { root, outputs } = secondBody(c);
      return mapClassification(c, pixelInput(c), ['mobilevitv2', root], outputs);
    },
    MobileViTV2ForSemanticSegmentation: (c) =>
      deepLab(c, ['mobilevitv2', secondBody(c)], (shape) => convolved(c, shape)),
  },
});
