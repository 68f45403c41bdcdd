/**
 * OLMo (Groeneveld et al. 2024): norms without parameters. OLMo 2: norms after attention and feed-forward, and of all
 * queries and keys of a token. OLMo 3: a window in three of four layers.
 */
import { flag, nullableSize, optionalReal, optionalSize, real, type Values } from '../../config/keys';
import { queryKeyNorm, type Extras } from '../blocks/attention';
import {
  decoderArchitectures,
  decoderKeys,
  decoderSizes,
  gatedMlp,
  keyValueHeads,
  residualLayer,
  rotaryDecoder,
  type Decoder,
} from '../blocks/decoder';
import { layerNorm, rmsNorm } from '../blocks/layers';
import { causalMask, checkLayerTypes, patternKeys, slidingLayers } from '../blocks/pattern';
import { layeredRotary, layeredRotaryKeys } from '../blocks/rotary';
import { family } from '../family';
import { anyActivation } from '../../config/common';
import { usedRotaries } from './gemma';

const DEFAULTS = {
  vocabulary: 50304,
  width: 4096,
  intermediate: 11008,
  layers: 32,
  heads: 32,
  positions: 2048,
};

const olmoKeys = {
  ...decoderKeys(DEFAULTS),
  ...keyValueHeads,
  head_dim: optionalSize(),
  attention_bias: flag(false),
  clip_qkv: optionalReal(),
} as const;

const olmoBody = (c: Values<typeof olmoKeys>): Decoder =>
  rotaryDecoder(c, {
    attentionBias: c.attention_bias,
    norm: () => layerNorm(c.hidden_size, 1e-5, 'nothing'),
    extras: () => (c.clip_qkv === undefined ? {} : { clip: c.clip_qkv }),
    feedForward: () => gatedMlp(c.hidden_size, c.intermediate_size, c.hidden_act),
  });

const olmo = family({
  modelType: 'olmo',
  keys: olmoKeys,
  base: 'OlmoModel',
  initializerRange: (c) => c.initializer_range,
  architectures: decoderArchitectures('Olmo', olmoBody, undefined, { without: ['TokenClassification'] }),
});

/** Norms after attention and feed-forward alone. */
export const AFTER = residualLayer({
  afterAttention: 'post_attention_layernorm',
  afterFeedForward: 'post_feedforward_layernorm',
});

/** Keys of OLMo 2 and 3 but for those of rotary positions. */
const laterKeys = {
  ...decoderSizes(DEFAULTS),
  hidden_act: anyActivation('silu'),
  ...keyValueHeads,
  head_dim: optionalSize(),
  rms_norm_eps: real(1e-5),
  attention_bias: flag(false),
} as const;

const laterParts = (c: Values<typeof laterKeys>) => ({
  attentionBias: c.attention_bias,
  layer: AFTER,
  extras: (headDim: number): Extras => ({
    queryKeyNorm: queryKeyNorm((width) => rmsNorm(width, c.rms_norm_eps), 'all', {
      heads: c.num_attention_heads,
      keyValueHeads: c.num_key_value_heads ?? c.num_attention_heads,
      headDim,
    }),
  }),
  feedForward: () => gatedMlp(c.hidden_size, c.intermediate_size, c.hidden_act),
});

const olmo2Keys = { ...decoderKeys(DEFAULTS), ...laterKeys } as const;

const olmo2 = family({
  modelType: 'olmo2',
  keys: olmo2Keys,
  base: 'Olmo2Model',
  initializerRange: (c) => c.initializer_range,
  architectures: decoderArchitectures(
    'Olmo2',
    (c: Values<typeof olmo2Keys>) => rotaryDecoder(c, laterParts(c)),
    undefined,
    { without: ['TokenClassification'] },
  ),
});

const olmo3Keys = {
  ...laterKeys,
  ...layeredRotaryKeys,
  sliding_window: nullableSize(4096),
  ...patternKeys,
} as const;

function olmo3Body(c: Values<typeof olmo3Keys>): Decoder {
  const sliding = slidingLayers(c, (layer) => (layer + 1) % 4 !== 0);
  const dim = c.head_dim ?? Math.floor(c.hidden_size / c.num_attention_heads);
  const angles = layeredRotary(c, {
    dim,
    positions: c.max_position_embeddings,
    fullTheta: 500000,
    slidingTheta: 500000,
  });
  return rotaryDecoder(c, {
    ...laterParts(c),
    mask: (layer) => causalMask(sliding[layer] ? c.sliding_window : null),
    rotaries: usedRotaries(sliding, angles),
  });
}

const olmo3 = family({
  modelType: 'olmo3',
  keys: olmo3Keys,
  base: 'Olmo3Model',
  initializerRange: (c) => c.initializer_range,
  check: checkLayerTypes,
  architectures: decoderArchitectures('Olmo3', olmo3Body, undefined, { without: ['TokenClassification'] }),
});

export const olmos = [olmo, olmo2, olmo3] as const;
