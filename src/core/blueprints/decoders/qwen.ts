/** Qwen 2 (Yang et al. 2024): Llama with biases on query, key and value. Qwen 3: norms of queries and keys instead. */
import { flag, nullableSize, optionalSize, real, size, type Values } from '../../config/keys';
import { headNorm } from '../blocks/attention';
import { decoderArchitectures, decoderKeys, gatedMlp, rotaryDecoder, type Decoder } from '../blocks/decoder';
import { rmsNorm } from '../blocks/layers';
import { causalMask, checkLayerTypes, patternKeys, slidingLayers } from '../blocks/pattern';
import { family } from '../family';

/** Windows in the layers from `max_window_layers` on, where the config asks for them. */
export const qwenWindowKeys = {
  use_sliding_window: flag(false),
  sliding_window: nullableSize(4096),
  max_window_layers: size(28, { min: 0 }),
  ...patternKeys,
} as const;

const shared = {
  ...decoderKeys({
    vocabulary: 151936,
    width: 4096,
    intermediate: 22016,
    layers: 32,
    heads: 32,
    positions: 32768,
  }),
  ...qwenWindowKeys,
  num_key_value_heads: nullableSize(32, { role: 'keyValueHeads' }),
  rms_norm_eps: real(1e-6),
} as const;

/** The mask of each layer. */
export function qwenMasks(
  c: Omit<Values<typeof qwenWindowKeys>, 'max_window_layers'> & {
    readonly max_window_layers: number | null;
    readonly num_hidden_layers: number;
  },
) {
  const window = c.use_sliding_window ? c.sliding_window : null;
  const sliding = slidingLayers(c, (layer) => window !== null && layer >= (c.max_window_layers ?? Infinity));
  return (layer: number) => causalMask(sliding[layer] ? window : null);
}

const feedForward = (c: Values<typeof shared>) => () =>
  gatedMlp(c.hidden_size, c.intermediate_size, c.hidden_act);

const qwen2Keys = { ...shared, head_dim: optionalSize() } as const;

const qwen2Body = (c: Values<typeof qwen2Keys>): Decoder =>
  rotaryDecoder(c, {
    mask: qwenMasks(c),
    attentionBias: true,
    outputBias: false,
    feedForward: feedForward(c),
  });

const qwen2 = family({
  modelType: 'qwen2',
  keys: qwen2Keys,
  base: 'Qwen2Model',
  initializerRange: (c) => c.initializer_range,
  check: checkLayerTypes,
  architectures: decoderArchitectures('Qwen2', qwen2Body, 'transformer'),
});

const qwen3Keys = { ...shared, head_dim: size(128), attention_bias: flag(false) } as const;

const qwen3Body = (c: Values<typeof qwen3Keys>): Decoder =>
  rotaryDecoder(c, {
    mask: qwenMasks(c),
    attentionBias: c.attention_bias,
    extras: (headDim) => ({ queryKeyNorm: headNorm(() => rmsNorm(headDim, c.rms_norm_eps)) }),
    feedForward: feedForward(c),
  });

const qwen3 = family({
  modelType: 'qwen3',
  keys: qwen3Keys,
  base: 'Qwen3Model',
  initializerRange: (c) => c.initializer_range,
  check: checkLayerTypes,
  architectures: decoderArchitectures('Qwen3', qwen3Body, 'transformer'),
});

export const qwens = [qwen2, qwen3] as const;
