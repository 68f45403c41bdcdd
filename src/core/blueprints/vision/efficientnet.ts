/** EfficientNet (Tan and Le 2019): MobileNet's inverted layers with squeeze and excitation, scaled in width and depth. */
import { activation, type Common } from '../../config/common';
import { list, real, size, sizePair, sizes, text, type Values } from '../../config/keys';
import { block, listed, type Chain } from '../../model/build';
import type { Block, Module, Operation } from '../../model/module';
import { batchNorm } from '../blocks/layers';
import { act, mapClassification, mapConvolution, normedConvolution, squeezeExcitation } from '../blocks/maps';
import { pixelInput } from '../blocks/patches';
import { divisible } from '../blocks/rounding';
import { family } from '../family';

const keys = {
  num_channels: size(3),
  image_size: sizePair(600),
  width_coefficient: real(2),
  depth_coefficient: real(3.1),
  depth_divisor: size(8),
  kernel_sizes: sizes([3, 3, 5, 3, 5, 5, 3]),
  in_channels: sizes([32, 16, 24, 40, 80, 112, 192]),
  out_channels: sizes([16, 24, 40, 80, 112, 192, 320]),
  depthwise_padding: list(),
  strides: sizes([1, 2, 2, 2, 1, 2, 1]),
  num_block_repeats: sizes([1, 2, 2, 3, 3, 4, 1], { min: 0 }),
  expand_ratios: sizes([1, 6, 6, 6, 6, 6, 6]),
  squeeze_expansion_ratio: real(0.25),
  hidden_act: activation('swish'),
  hidden_dim: size(2560),
  pooling_type: text('mean', ['mean', 'max']),
  initializer_range: real(0.02),
  batch_norm_eps: real(0.001),
} as const;

type Config = Values<typeof keys> & Common;

/** Lists that have an item for each group of layers. */
const GROUPED = ['out_channels', 'strides', 'kernel_sizes', 'expand_ratios', 'num_block_repeats'] as const;

interface Layer {
  readonly inputs: number;
  readonly outputs: number;
  readonly stride: number;
  readonly kernel: number;
  readonly ratio: number;
  /** Not the first of its group: its input is added. */
  readonly residual: boolean;
  /** Padded by one less above and to the left, for maps of even size. */
  readonly even: boolean;
}

function scaled(c: Config, channels: number): number {
  return divisible(channels * c.width_coefficient, c.depth_divisor);
}

function repeats(c: Config, group: number): number {
  return Math.max(0, Math.ceil(c.depth_coefficient * c.num_block_repeats[group]!));
}

function layersOf(c: Config): Layer[] {
  const padded = new Set(c.depthwise_padding);
  const layers: Layer[] = [];
  c.in_channels.forEach((channels, group) => {
    const outputs = scaled(c, c.out_channels[group]!);
    for (let at = 0; at < repeats(c, group); at++) {
      layers.push({
        inputs: at > 0 ? outputs : scaled(c, channels),
        outputs,
        stride: at > 0 ? 1 : c.strides[group]!,
        kernel: c.kernel_sizes[group]!,
        ratio: c.expand_ratios[group]!,
        residual: at > 0,
        even: !padded.has(layers.length),
      });
    }
  });
  return layers;
}

/** Zeros around a map before a convolution with stride 2, which pads nothing itself. */
function padding({ kernel, even }: Layer): Operation {
  const after = Math.floor(kernel / 2);
  const before = even ? after - 1 : after;
  return { op: 'pad', top: before, bottom: after, left: before, right: after };
}

/** Each channel convolved with itself, a norm and an activation. */
function depthwise(c: Config, shape: Layer, width: number): Block {
  const { kernel, stride } = shape;
  const { module, chain } = mapConvolution({
    inputs: width,
    outputs: width,
    kernel,
    stride,
    groups: width,
    padding: stride === 2 ? 0 : 'same',
  });
  const norm = batchNorm(width, c.batch_norm_eps);
  const before: Chain = stride === 2 ? [padding(shape)] : [];
  return block('part', { depthwise_conv: module, depthwise_norm: norm }, (trace, x) =>
    trace.chain(x, ...before, ...chain, norm, act(c.hidden_act)),
  );
}

function layer(c: Config, shape: Layer): Block {
  const { inputs, outputs, ratio } = shape;
  const width = inputs * ratio;
  const reduced = Math.max(1, Math.trunc(inputs * c.squeeze_expansion_ratio));
  const expansion = normedConvolution({
    inputs,
    outputs: width,
    kernel: 1,
    activation: c.hidden_act,
    epsilon: c.batch_norm_eps,
    names: ['expand_conv', 'expand_bn'],
  });
  const children: Record<string, Module> = {
    ...(ratio === 1 ? {} : { expansion }),
    depthwise_conv: depthwise(c, shape, width),
    squeeze_excite: squeezeExcitation(width, reduced, c.hidden_act, ['reduce', 'expand']),
    projection: normedConvolution({
      inputs: width,
      outputs,
      kernel: 1,
      epsilon: c.batch_norm_eps,
      names: ['project_conv', 'project_bn'],
    }),
  };
  return block('layer', children, (trace, x) => {
    const branch = trace.chain(x, ...Object.values(children));
    return shape.residual ? trace.add(branch, x) : branch;
  });
}

/** Pixels → feature map. */
function body(c: Config): Block {
  const first = scaled(c, 32);
  const stem = mapConvolution({ inputs: c.num_channels, outputs: first, kernel: 3, stride: 2, padding: 0 });
  const stemNorm = batchNorm(first, c.batch_norm_eps);
  const layers = layersOf(c).map((shape) => layer(c, shape));
  const last = scaled(c, c.out_channels[c.in_channels.length - 1]!);
  const top = mapConvolution({ inputs: last, outputs: scaled(c, 1280), kernel: 1 }).module;
  // The class takes the width of this norm from a key of its own.
  const topNorm = batchNorm(c.hidden_dim, c.batch_norm_eps);
  const children = {
    'embeddings.convolution': stem.module,
    'embeddings.batchnorm': stemNorm,
    ...listed('encoder.blocks', layers),
    'encoder.top_conv': top,
    'encoder.top_bn': topNorm,
  };
  const border = { op: 'pad', top: 0, bottom: 1, left: 0, right: 1 } as const;
  const activation = act(c.hidden_act);
  return block('model', children, (trace, pixels) =>
    trace.chain(pixels, border, ...stem.chain, stemNorm, activation, ...layers, top, topNorm, activation),
  );
}

/** The average, or the largest, of all places. */
function pooling(c: Config): Chain {
  const type = c.pooling_type === 'max' ? 'max' : 'average';
  const window = { kernel: c.hidden_dim, stride: c.hidden_dim, padding: 0 };
  return [{ op: 'pool', type, ...window, ceil: true }, { op: 'patchesToTokens' }];
}

export const efficientnet = family({
  modelType: 'efficientnet',
  keys,
  base: 'EfficientNetModel',
  initializerRange: (c) => c.initializer_range,
  check(c, checks) {
    for (const key of GROUPED) {
      if (c[key].length < c.in_channels.length) {
        checks.length(key, c[key].length, 'in_channels', c.in_channels.length);
      }
    }
    const depths = c.num_block_repeats.slice(0, c.in_channels.length).map((_, group) => repeats(c, group));
    checks.stages('num_block_repeats', depths);
    const wide = c.strides.find((stride) => stride > 2);
    if (wide !== undefined) checks.only('strides', '1, 2', String(wide));
  },
  architectures: {
    EfficientNetModel: (c) => ({ root: body(c), inputs: pixelInput(c) }),
    EfficientNetForImageClassification: (c) =>
      mapClassification(c, pixelInput(c), ['efficientnet', body(c)], c.hidden_dim, { reduce: pooling(c) }),
  },
});
