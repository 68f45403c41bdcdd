/** Audio Spectrogram Transformer (Gong et al. 2021): ViT over overlapping patches of a spectrogram, two tokens before. */
import { labels, type Common } from '../../config/common';
import { size, type Values } from '../../config/keys';
import { block, listed, parameter } from '../../model/build';
import type { Block, ModelInput, Module } from '../../model/module';
import { convolution, layerNorm, linear } from '../blocks/layers';
import { layerShape, patchKeys, patchLayer, VIT_NAMES } from '../blocks/patches';
import { ZERO_TOKENS } from '../blocks/starts';
import { family, type Blueprint } from '../family';

const keys = {
  hidden_size: patchKeys.hidden_size,
  num_hidden_layers: patchKeys.num_hidden_layers,
  num_attention_heads: patchKeys.num_attention_heads,
  intermediate_size: patchKeys.intermediate_size,
  hidden_act: patchKeys.hidden_act,
  layer_norm_eps: patchKeys.layer_norm_eps,
  initializer_range: patchKeys.initializer_range,
  qkv_bias: patchKeys.qkv_bias,
  head_dim: patchKeys.head_dim,
  patch_size: size(16),
  frequency_stride: size(10),
  time_stride: size(10),
  max_length: size(1024),
  num_mel_bins: size(128),
} as const;

type Config = Values<typeof keys> & Common;

/** Frames [b, t, bins] → [b, 2 + patches, width]. */
function embeddings(c: Config): Block {
  const { patch_size: patch, frequency_stride, time_stride, hidden_size: width } = c;
  const projection = convolution(1, width, [patch, patch], { stride: [frequency_stride, time_stride] });
  const count = (length: number, stride: number) => Math.max(0, Math.floor((length - patch) / stride) + 1);
  const patches = count(c.num_mel_bins, frequency_stride) * count(c.max_length, time_stride);
  const [first, second] = [parameter(1, 1, width), parameter(1, 1, width)];
  const table = parameter(1, patches + 2, width);
  return block(
    'embeddings',
    { 'patch_embeddings.projection': projection },
    (trace, frames) =>
      trace.chain(
        frames,
        { op: 'swapFramesAndChannels' },
        { op: 'asChannel' },
        projection,
        { op: 'patchesToTokens' },
        { op: 'prependTokens', token: second },
        { op: 'prependTokens', token: first },
        { op: 'addTable', table },
      ),
    { cls_token: first, distillation_token: second, position_embeddings: table },
  );
}

function body(c: Config): Block {
  const embedded = embeddings(c);
  const layers = Array.from({ length: c.num_hidden_layers }, () => patchLayer(layerShape(c), VIT_NAMES));
  const norm = layerNorm(c.hidden_size, c.layer_norm_eps);
  const children = { embeddings: embedded, ...listed('layers', layers), layernorm: norm };
  return block('model', children, (trace, frames) => trace.chain(frames, embedded, ...layers, norm));
}

function inputs(c: Config): ModelInput[] {
  return [{ name: 'input_values', type: 'sound', features: c.num_mel_bins, length: c.max_length }];
}

/** Classifies by the average of the two tokens before the patches. */
function classification(c: Config): Blueprint {
  const listening = body(c);
  const norm = layerNorm(c.hidden_size, c.layer_norm_eps);
  const count = labels(c);
  const heads: Record<string, Module> = {
    'classifier.layernorm': norm,
    // No labels: the class puts an identity in the head's place.
    ...(count === 0 ? {} : { 'classifier.dense': linear(c.hidden_size, count) }),
  };
  const root = block('model', { audio_spectrogram_transformer: listening, ...heads }, (trace, frames) =>
    trace.chain(frames, listening, { op: 'meanTokens', first: 2 }, ...Object.values(heads)),
  );
  return { root, inputs: inputs(c) };
}

export const audioSpectrogramTransformer = family({
  modelType: 'audio-spectrogram-transformer',
  keys,
  base: 'ASTModel',
  initializerRange: (c) => c.initializer_range,
  starts: () => ZERO_TOKENS,
  architectures: {
    ASTModel: (c) => ({ root: body(c), inputs: inputs(c) }),
    ASTForAudioClassification: classification,
  },
});
