/** From samples to frames of features: the convolutions and positions of wav2vec 2.0 and its kin. */
import { activation, type Common } from '../../config/common';
import { any, depth, flag, optionalSize, real, size, text, type Values } from '../../config/keys';
import { block, listed, parameter } from '../../model/build';
import type { Block, Convolution, Module, Norm, Operation, Starts } from '../../model/module';
import { batchNorm, convolution, layerNorm, overChannels } from '../blocks/layers';
import { sizes } from './lists';

/** Default channels, strides and kernels of a family's convolutions. */
export interface Convolutions {
  readonly channels: readonly number[];
  readonly strides: readonly number[];
  readonly kernels: readonly number[];
}

export const WAV2VEC2: Convolutions = {
  channels: [512, 512, 512, 512, 512, 512, 512],
  strides: [5, 2, 2, 2, 2, 2, 2],
  kernels: [10, 3, 3, 3, 3, 2, 2],
};

/** Keys that every family of the kind reads. */
export const waveKeys = {
  vocab_size: size(32),
  hidden_size: size(768, { role: 'width' }),
  num_hidden_layers: depth(12),
  num_attention_heads: size(12),
  intermediate_size: size(3072),
  hidden_act: activation('gelu'),
  layer_norm_eps: real(1e-5),
  initializer_range: real(0.02),
  feat_extract_norm: text('group', ['group', 'layer']),
  feat_extract_activation: activation('gelu'),
  conv_dim: any(),
  conv_stride: any(),
  conv_kernel: any(),
  conv_bias: flag(false),
  num_conv_pos_embeddings: size(128),
  num_conv_pos_embedding_groups: size(16),
  mask_time_prob: real(0.05),
  mask_feature_prob: real(0),
  use_weighted_layer_sum: flag(false),
  classifier_proj_size: size(256),
  /** Of the families that have such adapters, and of some that read the keys without naming them. */
  do_stable_layer_norm: flag(false),
  adapter_attn_dim: optionalSize(),
  add_adapter: flag(false),
  adapter_kernel_size: size(3),
  adapter_stride: size(2),
  num_adapter_layers: depth(3),
  output_hidden_size: optionalSize(),
} as const;

export type WaveConfig = Values<typeof waveKeys> & Common;

/** The lists as the config has them. */
export function convolutionsOf(c: WaveConfig, defaults: Convolutions): Convolutions {
  return {
    channels: sizes(c.conv_dim, defaults.channels),
    strides: sizes(c.conv_stride, defaults.strides),
    kernels: sizes(c.conv_kernel, defaults.kernels),
  };
}

/** Samples [b, n] → [b, frames, channels]; every convolution has a norm, or the first alone (`group`). */
export function featureEncoder(c: WaveConfig, shape: Convolutions, norms: 'group' | 'layer'): Block {
  const act: Operation = { op: 'activation', activation: c.feat_extract_activation };
  const layers = shape.channels.map((outputs, index) => {
    const inputs = index === 0 ? 1 : shape.channels[index - 1]!;
    const kernel = [shape.kernels[index] ?? 1];
    const conv = convolution(inputs, outputs, kernel, {
      stride: [shape.strides[index] ?? 1],
      bias: c.conv_bias,
    });
    const normed = norms === 'layer' || index === 0;
    if (!normed) return block('layer', { conv }, (trace, x) => trace.chain(x, conv, act));
    const norm = norms === 'layer' ? overChannels(layerNorm(outputs, 1e-5)) : channelNorm(outputs);
    return block('layer', { conv, layer_norm: norm }, (trace, x) => trace.chain(x, conv, norm, act));
  });
  return block('embeddings', listed('conv_layers', layers), (trace, samples) =>
    trace.chain(samples, { op: 'asChannel' }, ...layers, { op: 'patchesToTokens' }),
  );
}

/** A group norm whose groups are the channels. */
function channelNorm(width: number): Norm {
  return { ...overChannels(layerNorm(width, 1e-5)), type: 'group', groups: width };
}

/** A grouped convolution over frames, [b, w, t] → [b, w, t / stride], whose even kernel leaves a frame too many. */
function framesConvolution(c: WaveConfig, kernel: number, stride: number): [Convolution, Operation[]] {
  const width = c.hidden_size;
  const conv = convolution(width, width, [kernel], {
    padding: [Math.floor(kernel / 2)],
    stride: [stride],
    groups: c.num_conv_pos_embedding_groups,
  });
  return [conv, kernel % 2 === 0 ? [{ op: 'dropLastFrames', count: 1 }] : []];
}

/** One kernel as a direction and a length for each of its places, or plain behind a batch norm (HuBERT). */
export function positionConvolution(c: WaveConfig, stride = 1, batchNormed = false): Block {
  const [plain, trimmed] = framesConvolution(c, c.num_conv_pos_embeddings, stride);
  const conv = batchNormed ? plain : weightNormed(plain);
  const norms = batchNormed ? { batch_norm: batchNorm(c.hidden_size, 1e-5) } : {};
  const steps: (Module | Operation)[] = [...Object.values(norms), conv, ...trimmed];
  return block('embeddings', { conv, ...norms }, (trace, x) =>
    trace.chain(
      x,
      { op: 'swapFramesAndChannels' },
      ...steps,
      { op: 'activation', activation: c.feat_extract_activation },
      { op: 'swapFramesAndChannels' },
    ),
  );
}

/** Several convolutions, each with a norm without parameters (data2vec). */
export function positionLayers(c: WaveConfig, kernel: number): Block {
  const layers = Array.from({ length: c.num_conv_pos_embeddings }, () => {
    const [conv, trimmed] = framesConvolution(c, kernel, 1);
    const norm = overChannels(layerNorm(c.hidden_size, 1e-5, 'nothing'));
    return block('layer', { conv, layer_norm: norm }, (trace, x) =>
      trace.chain(x, conv, ...trimmed, norm, { op: 'activation', activation: c.feat_extract_activation }),
    );
  });
  return block('embeddings', listed('layers', layers), (trace, x) =>
    trace.chain(x, { op: 'swapFramesAndChannels' }, ...layers, { op: 'swapFramesAndChannels' }),
  );
}

/**
 * Convolutions start as Kaiming has them, those of positions as PyTorch does.
 *
 * @param uniform inputs of the frames' projection, where that starts uniformly by them.
 */
export function waveStarts(c: WaveConfig, uniform?: number): Starts {
  // The length of a place of PyTorch's kernel [width, width / groups, places].
  const length = Math.sqrt(c.hidden_size / (3 * c.num_conv_pos_embeddings));
  const projection: Starts =
    uniform === undefined
      ? []
      : [[/feature_projection\.projection\.(weight|bias)$/, { deviation: (3 * uniform) ** -0.5 }]];
  return [
    [/(conv_layers\.\d+|pos_conv_embed\.layers\.\d+)\.conv\.weight$/, { fan: Math.SQRT2 }],
    [/pos_conv_embed\.conv\.parametrizations\.weight\.original0$/, { value: length }],
    [/pos_conv_embed\.conv\.parametrizations\.weight\.original1$/, { fan: 1 / Math.sqrt(3) }],
    [/gru_rel_pos_const$/, { value: 1 }],
    ...projection,
  ];
}

/** torch's weight norm over the kernel's places: original0 are the lengths, original1 the directions. */
function weightNormed(conv: Convolution): Convolution {
  const magnitude = parameter(1, 1, conv.kernel[0] ?? 1);
  return {
    ...conv,
    magnitude,
    parameters: {
      ...(conv.bias === undefined ? {} : { bias: conv.bias }),
      'parametrizations.weight.original0': magnitude,
      'parametrizations.weight.original1': conv.weight,
    },
  };
}
