/** Command R (Cohere 2024): attention and feed-forward side by side under one norm; Cohere 2 has a window in most layers. */
import { flag, nullableSize, optionalSize, real, size, type Values } from '../../config/keys';
import type { Operation } from '../../model/module';
import {
  decoderArchitectures,
  decoderKeys,
  gatedMlp,
  GENERATION_ONLY,
  keyValueHeads,
  parallelLayer,
  rotaryDecoder,
  type Decoder,
} from '../blocks/decoder';
import { layerNorm } from '../blocks/layers';
import { causalMask, checkLayerTypes, patternKeys, slidingLayers } from '../blocks/pattern';
import { family } from '../family';

const shared = {
  ...decoderKeys({
    vocabulary: 256000,
    width: 8192,
    intermediate: 22528,
    layers: 40,
    heads: 64,
    positions: 8192,
    tied: true,
  }),
  ...keyValueHeads,
  head_dim: optionalSize(),
  layer_norm_eps: real(1e-5),
  logit_scale: real(0.0625),
  attention_bias: flag(false),
} as const;

const sharedParts = (c: Values<typeof shared>) =>
  ({
    attentionBias: c.attention_bias,
    pairs: 'interleaved',
    norm: () => layerNorm(c.hidden_size, c.layer_norm_eps, 'weight'),
    layer: parallelLayer,
    feedForward: () => gatedMlp(c.hidden_size, c.intermediate_size, c.hidden_act),
  }) as const;

const logits = (c: Values<typeof shared>): Operation[] => [{ op: 'scale', by: c.logit_scale }];

const cohereKeys = { ...shared, use_qk_norm: flag(false) } as const;

function cohereBody(c: Values<typeof cohereKeys>): Decoder {
  const keyHeads = c.num_key_value_heads ?? c.num_attention_heads;
  const norm = (headDim: number, heads: number) => layerNorm(headDim, c.layer_norm_eps, 'weight', heads);
  return rotaryDecoder(c, {
    ...sharedParts(c),
    defaultTheta: 500000,
    extras: (headDim) =>
      c.use_qk_norm
        ? {
            queryKeyNorm: {
              query: [norm(headDim, c.num_attention_heads)],
              key: [norm(headDim, keyHeads)],
              over: 'head',
              rotated: false,
            },
          }
        : {},
  });
}

const cohere = family({
  modelType: 'cohere',
  keys: cohereKeys,
  base: 'CohereModel',
  initializerRange: (c) => c.initializer_range,
  architectures: decoderArchitectures('Cohere', cohereBody, undefined, { without: GENERATION_ONLY, logits }),
});

const cohere2Keys = {
  ...shared,
  sliding_window: nullableSize(4096),
  sliding_window_pattern: size(4),
  ...patternKeys,
} as const;

function cohere2Body(c: Values<typeof cohere2Keys>): Decoder {
  const sliding = slidingLayers(c, (layer) => (layer + 1) % c.sliding_window_pattern !== 0);
  return rotaryDecoder(c, {
    ...sharedParts(c),
    mask: (layer) => causalMask(sliding[layer] ? c.sliding_window : null),
    // Layers without a window have no positions.
    rotates: (layer) => sliding[layer]! && c.sliding_window !== null,
  });
}

const cohere2 = family({
  modelType: 'cohere2',
  keys: cohere2Keys,
  base: 'Cohere2Model',
  initializerRange: (c) => c.initializer_range,
  check: checkLayerTypes,
  architectures: decoderArchitectures('Cohere2', cohere2Body, undefined, {
    without: GENERATION_ONLY,
    logits,
  }),
});

export const coheres = [cohere, cohere2] as const;
