/** MobileNet (Howard et al. 2017): convolutions of each channel, then of each place; and v2 (Sandler et al. 2018). */
import { activation, labels, type Common } from '../../config/common';
import { flag, real, size, sizePair, type Values } from '../../config/keys';
import { block, listed } from '../../model/build';
import type { Block, Module } from '../../model/module';
import {
  invertedResidual,
  mapClassification,
  mapConvolution,
  normedConvolution,
  type NormedConvolution,
} from '../blocks/maps';
import { pixelInput } from '../blocks/patches';
import { divisible, roundHalfEven } from '../blocks/rounding';
import { family, type Blueprint } from '../family';

const keys = {
  num_channels: size(3),
  image_size: sizePair(224),
  depth_multiplier: real(1, { min: Number.MIN_VALUE }),
  min_depth: size(8),
  hidden_act: activation('relu6'),
  tf_padding: flag(true),
  initializer_range: real(0.02),
  layer_norm_eps: real(0.001),
} as const;

type Config = Values<typeof keys> & Common;

/** Convolution, norm and the model's activation, if no other; padded as TensorFlow does, or as torch. */
function convolved(c: Config, shape: NormedConvolution): Block {
  const dilation = shape.dilation ?? 1;
  const padding = c.tf_padding ? 'same' : Math.trunc((shape.kernel - 1) / 2) * dilation;
  return normedConvolution({ activation: c.hidden_act, epsilon: c.layer_norm_eps, ...shape, padding });
}

/** Strides of the convolutions of channels. */
const STRIDES = [1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1];

/** Width that `depth` becomes. */
function width(c: Config, depth: number): number {
  return Math.max(Math.trunc(depth * c.depth_multiplier), c.min_depth);
}

/** Pixels → feature map, and its width. */
function body(c: Config): { root: Block; outputs: number } {
  let depth = 32;
  let outputs = width(c, depth);
  const stem = convolved(c, { inputs: c.num_channels, outputs, kernel: 3, stride: 2 });
  const layers = STRIDES.flatMap((stride, index) => {
    const inputs = outputs;
    if (stride === 2 || index === 0) {
      depth *= 2;
      outputs = width(c, depth);
    }
    return [
      convolved(c, { inputs, outputs: inputs, kernel: 3, stride, groups: inputs }),
      convolved(c, { inputs, outputs, kernel: 1 }),
    ];
  });
  const root = block('model', { conv_stem: stem, ...listed('layer', layers) }, (trace, pixels) =>
    trace.chain(pixels, stem, ...layers),
  );
  return { root, outputs };
}

export const mobilenetV1 = family({
  modelType: 'mobilenet_v1',
  keys,
  base: 'MobileNetV1Model',
  initializerRange: (c) => c.initializer_range,
  architectures: {
    MobileNetV1Model: (c) => ({ root: body(c).root, inputs: pixelInput(c) }),
    MobileNetV1ForImageClassification: (c) => {
      const { root, outputs } = body(c);
      return mapClassification(c, pixelInput(c), ['mobilenet_v1', root], outputs);
    },
  },
});

const v2Keys = {
  ...keys,
  depth_divisible_by: size(8),
  expand_ratio: real(6),
  output_stride: size(32),
  first_layer_is_expansion: flag(true),
  finegrained_output: flag(true),
} as const;

type V2 = Values<typeof v2Keys> & Common;

const V2_CHANNELS = [16, 24, 24, 32, 32, 32, 64, 64, 64, 64, 96, 96, 96, 160, 160, 160, 320];
const V2_STRIDES = [2, 1, 2, 1, 1, 2, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1];

function rounded(c: V2, channels: number): number {
  return divisible(roundHalfEven(channels), c.depth_divisible_by, c.min_depth);
}

function v2Width(c: V2, channels: number): number {
  return rounded(c, channels * c.depth_multiplier);
}

function inverted(c: V2, inputs: number, outputs: number, stride: number, dilation: number): Block {
  const expanded = rounded(c, inputs * c.expand_ratio);
  return invertedResidual((shape) => convolved(c, shape), { inputs, outputs, expanded, stride, dilation });
}

function v2Stem(c: V2, outputs: number): Block {
  const expanded = v2Width(c, 32);
  const wide = { inputs: expanded, outputs: expanded };
  const children: Record<string, Module> = {
    first_conv: convolved(c, { inputs: c.num_channels, outputs: expanded, kernel: 3, stride: 2 }),
    ...(c.first_layer_is_expansion ? {} : { expand_1x1: convolved(c, { ...wide, kernel: 1 }) }),
    conv_3x3: convolved(c, { ...wide, kernel: 3, groups: expanded }),
    reduce_1x1: convolved(c, { inputs: expanded, outputs, kernel: 1, activation: undefined }),
  };
  return block('layer', children, (trace, x) => trace.chain(x, ...Object.values(children)));
}

/**
 * Pixels → feature map, and its width.
 *
 * @param output the map of the last convolution, or of the last layer, which segmentation reads.
 */
function v2Body(c: V2, output: 'final' | 'layers' = 'final'): { root: Block; outputs: number } {
  const channels = V2_CHANNELS.map((each) => v2Width(c, each));
  const stem = v2Stem(c, channels[0]!);
  let shrunk = 2;
  let dilation = 1;
  const layers = V2_STRIDES.map((stride, index) => {
    const [inputs, outputs] = [channels[index]!, channels[index + 1]!];
    if (shrunk !== c.output_stride) {
      shrunk *= stride;
      return inverted(c, inputs, outputs, stride, 1);
    }
    // The map stays as large as it is; later kernels reach further instead.
    const dilated = inverted(c, inputs, outputs, 1, dilation);
    dilation *= stride;
    return dilated;
  });
  const outputs = c.finegrained_output && c.depth_multiplier < 1 ? 1280 : v2Width(c, 1280);
  const final = convolved(c, { inputs: channels.at(-1)!, outputs, kernel: 1 });
  const children = { conv_stem: stem, ...listed('layer', layers), conv_1x1: final };
  const root = block('model', children, (trace, pixels) => {
    const x = trace.chain(pixels, stem, ...layers);
    const last = trace.run(final, x);
    return output === 'final' ? last : x;
  });
  return { root, outputs };
}

/** DeepLabV3+'s head: the map and its average, each projected, joined and classified at every place. */
function segmentation(c: V2): Blueprint {
  const { root: body } = v2Body(c, 'layers');
  const inputs = v2Width(c, 320);
  const relu = { kernel: 1, activation: 'relu', epsilon: 1e-5 } as const;
  const projected = (from: number) => normedConvolution({ ...relu, inputs: from, outputs: 256 });
  const [pool, atrous, joined] = [projected(inputs), projected(inputs), projected(512)];
  const classifier = mapConvolution({ inputs: 256, outputs: labels(c), kernel: 1, bias: true }).module;
  const children = {
    mobilenet_v2: body,
    'segmentation_head.conv_pool': pool,
    'segmentation_head.conv_aspp': atrous,
    'segmentation_head.conv_projection': joined,
    'segmentation_head.classifier.convolution': classifier,
  };
  const root = block('model', children, (trace, pixels) => {
    const x = trace.run(body, pixels);
    const average = trace.run({ op: 'resizeAs' }, trace.chain(x, { op: 'poolAll' }, pool), x);
    const both = trace.run({ op: 'concatenate', axis: 'channels' }, average, trace.run(atrous, x));
    return trace.chain(both, joined, classifier);
  });
  return { root, inputs: pixelInput(c) };
}

export const mobilenetV2 = family({
  modelType: 'mobilenet_v2',
  keys: v2Keys,
  base: 'MobileNetV2Model',
  initializerRange: (c) => c.initializer_range,
  architectures: {
    MobileNetV2Model: (c) => ({ root: v2Body(c).root, inputs: pixelInput(c) }),
    MobileNetV2ForImageClassification: (c) => {
      const { root, outputs } = v2Body(c);
      return mapClassification(c, pixelInput(c), ['mobilenet_v2', root], outputs);
    },
    MobileNetV2ForSemanticSegmentation: segmentation,
  },
});
