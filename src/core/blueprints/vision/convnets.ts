/** Convolutional networks: ResNet (He et al. 2015), ConvNeXt (Liu et al. 2022) and ConvNeXt v2 (Woo et al. 2023). */
import { activation, labels, type Common } from '../../config/common';
import { flag, real, size, sizePair, sizes, text, type Values } from '../../config/keys';
import { block, listed, parameter, type Chain } from '../../model/build';
import type { Block, Module, Norm } from '../../model/module';
import { convolution, layerNorm, linear, overChannels, patchConvolution } from '../blocks/layers';
import { act, imageNet, mapClassification, normedConvolution, pooled } from '../blocks/maps';
import { pixelInput } from '../blocks/patches';
import { family, type Blueprint, type Checks } from '../family';

const stageKeys = {
  num_channels: size(3),
  depths: sizes([3, 4, 6, 3]),
} as const;
const resnetKeys = {
  ...stageKeys,
  embedding_size: size(64),
  hidden_sizes: sizes([256, 512, 1024, 2048]),
  layer_type: text('bottleneck', ['basic', 'bottleneck']),
  hidden_act: activation('relu'),
  downsample_in_first_stage: flag(false),
  downsample_in_bottleneck: flag(false),
} as const;

type ResNet = Values<typeof resnetKeys> & Common;

/** act(shortcut x + convolutions x). */
function residual(c: ResNet, inputs: number, outputs: number, stride: number): Block {
  const between = act(c.hidden_act);
  const convolved = (from: number, to: number, kernel: number, by: number) =>
    normedConvolution({ inputs: from, outputs: to, kernel, stride: by });
  const inner = Math.floor(outputs / 4);
  const early = c.downsample_in_bottleneck;
  const convolutions =
    c.layer_type === 'basic'
      ? [convolved(inputs, outputs, 3, stride), convolved(outputs, outputs, 3, 1)]
      : [
          convolved(inputs, inner, 1, early ? stride : 1),
          convolved(inner, inner, 3, early ? 1 : stride),
          convolved(inner, outputs, 1, 1),
        ];
  const shortcut = inputs !== outputs || stride !== 1 ? convolved(inputs, outputs, 1, stride) : undefined;
  const children: Record<string, Module> = {
    ...(shortcut === undefined ? {} : { shortcut }),
    ...listed('layer', convolutions),
  };
  return block('layer', children, (trace, x) => {
    const branch = convolutions.flatMap((each, index) => (index === 0 ? [each] : [between, each]));
    const kept = shortcut === undefined ? x : trace.run(shortcut, x);
    return trace.chain(trace.add(trace.chain(x, ...branch), kept), between);
  });
}

/** Pixels → feature map. */
function resnetBody(c: ResNet): Block {
  const embedder = normedConvolution({
    inputs: c.num_channels,
    outputs: c.embedding_size,
    kernel: 7,
    stride: 2,
    activation: c.hidden_act,
  });
  const stem: Chain = [embedder, { op: 'pool', type: 'max', kernel: 3, stride: 2, padding: 1 }];
  const stages = stagesOf(c).map((outputs, index) => {
    const inputs = index === 0 ? c.embedding_size : c.hidden_sizes[index - 1]!;
    const stride = index > 0 || c.downsample_in_first_stage ? 2 : 1;
    const layers = Array.from({ length: c.depths[index]! }, (_, layer) =>
      residual(c, layer === 0 ? inputs : outputs, outputs, layer === 0 ? stride : 1),
    );
    return block('stack', listed('layers', layers), (trace, x) => trace.chain(x, ...layers));
  });
  const children = { 'embedder.embedder': embedder, ...listed('encoder.stages', stages) };
  return block('model', children, (trace, pixels) => trace.chain(pixels, ...stem, ...stages));
}

/** Widths of the stages that are built: as many as both lists have. */
function stagesOf(c: { readonly hidden_sizes: readonly number[]; readonly depths: readonly number[] }) {
  return c.hidden_sizes.slice(0, c.depths.length);
}

const checkStages = (c: { readonly depths: readonly number[] }, checks: Checks) =>
  checks.stages('depths', c.depths);

export const resnet = family({
  modelType: 'resnet',
  keys: resnetKeys,
  base: 'ResNetModel',
  initializerRange: () => 0.02,
  check: checkStages,
  architectures: {
    ResNetModel: (c) => ({ root: resnetBody(c), inputs: imageNet(c) }),
    ResNetBackbone: (c) => ({ root: resnetBody(c), inputs: imageNet(c) }),
    ResNetForImageClassification: (c) =>
      mapClassification(c, imageNet(c), ['resnet', resnetBody(c)], c.hidden_sizes.at(-1)!, {
        head: 'classifier.1',
      }),
  },
});

const convnextV2Keys = {
  ...stageKeys,
  patch_size: sizePair(4),
  num_stages: size(4, { max: 64 }),
  hidden_sizes: sizes([96, 192, 384, 768]),
  depths: sizes([3, 3, 9, 3], { min: 0 }),
  hidden_act: activation('gelu'),
  initializer_range: real(0.02),
  layer_norm_eps: real(1e-12),
  image_size: sizePair(224),
} as const;
const convnextKeys = { ...convnextV2Keys, layer_scale_init_value: real(1e-6) } as const;

type ConvNext = Values<typeof convnextV2Keys> & Common & { readonly layer_scale_init_value?: number };

/** ConvNeXt v2's norm of each channel by its length over the image. */
function responseNorm(width: number): Norm {
  const parameters = { weight: parameter(1, 1, 1, width), bias: parameter(1, 1, 1, width) };
  return { ...layerNorm(width, 1e-6), type: 'response', ...parameters, parameters };
}

/** x + two linear maps of a norm of a convolution of each channel with itself. */
function convnextLayer(c: ConvNext, width: number): Block {
  const depthwise = convolution(width, width, [7, 7], { padding: [3, 3], groups: width });
  const norm = layerNorm(width, 1e-6);
  const [up, down] = [linear(width, 4 * width), linear(4 * width, width)];
  const second = c.layer_scale_init_value === undefined;
  const response = second ? [responseNorm(4 * width)] : [];
  const scale = !second && c.layer_scale_init_value > 0 ? [parameter(width)] : [];
  const children: Record<string, Module> = { dwconv: depthwise, layernorm: norm, pwconv1: up };
  if (response[0] !== undefined) children['grn'] = response[0];
  children['pwconv2'] = down;
  return block(
    'layer',
    children,
    (trace, x) => {
      const branch = trace.chain(
        x,
        depthwise,
        { op: 'channelsLast' },
        norm,
        up,
        { op: 'activation', activation: c.hidden_act },
        ...response,
        down,
        ...scale.map((by) => ({ op: 'scaleChannels', by }) as const),
        { op: 'channelsFirst' },
      );
      return trace.add(x, branch);
    },
    scale[0] === undefined ? {} : { layer_scale_parameter: scale[0] },
  );
}

/** Pixels → feature map, whose normed average a head reads. */
function convnextBody(c: ConvNext): Block {
  const first = c.hidden_sizes[0]!;
  const patches = patchConvolution(c.num_channels, first, c.patch_size);
  const patchNorm = overChannels(layerNorm(first, 1e-6));
  const stages = Array.from({ length: c.num_stages }, (_, index) => {
    const outputs = c.hidden_sizes[index]!;
    const inputs = index === 0 ? first : c.hidden_sizes[index - 1]!;
    const layers = Array.from({ length: c.depths[index]! }, () => convnextLayer(c, outputs));
    const down = [overChannels(layerNorm(inputs, 1e-6)), patchConvolution(inputs, outputs, [2, 2])];
    const before = index === 0 ? [] : down;
    const children = { ...listed('downsampling_layer', before), ...listed('layers', layers) };
    return block('stack', children, (trace, x) => trace.chain(x, ...before, ...layers));
  });
  const norm = layerNorm(c.hidden_sizes.at(-1)!, c.layer_norm_eps);
  const children = {
    'embeddings.patch_embeddings': patches,
    'embeddings.layernorm': patchNorm,
    ...listed('encoder.stages', stages),
    layernorm: norm,
  };
  return block('model', children, (trace, pixels) =>
    trace.chain(pixels, patches, patchNorm, ...stages, ...pooled, norm),
  );
}

const convnextClassification =
  (name: string) =>
  (c: ConvNext): Blueprint => {
    const body = convnextBody(c);
    const heads = labels(c) === 0 ? [] : [linear(c.hidden_sizes.at(-1)!, labels(c))];
    const children = { [name]: body, ...(heads[0] === undefined ? {} : { classifier: heads[0] }) };
    const root = block('model', children, (trace, pixels) => trace.chain(pixels, body, ...heads));
    return { root, inputs: pixelInput(c) };
  };

function checkConvnext(c: ConvNext, checks: Checks): void {
  for (const key of ['hidden_sizes', 'depths'] as const) {
    if (c[key].length < c.num_stages) checks.length(key, c[key].length, 'num_stages', c.num_stages);
  }
  checkStages(c, checks);
}

export const convnext = family({
  modelType: 'convnext',
  keys: convnextKeys,
  base: 'ConvNextModel',
  initializerRange: (c) => c.initializer_range,
  check: checkConvnext,
  architectures: {
    ConvNextModel: (c) => ({ root: convnextBody(c), inputs: pixelInput(c) }),
    ConvNextForImageClassification: convnextClassification('convnext'),
  },
});

export const convnextV2 = family({
  modelType: 'convnextv2',
  keys: convnextV2Keys,
  base: 'ConvNextV2Model',
  initializerRange: (c) => c.initializer_range,
  check: checkConvnext,
  architectures: {
    ConvNextV2Model: (c) => ({ root: convnextBody(c), inputs: pixelInput(c) }),
    ConvNextV2ForImageClassification: convnextClassification('convnextv2'),
  },
});
