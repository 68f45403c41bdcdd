/** Nemotron (Parmar et al. 2024), Arcee, Jais 2 and Apertus: feed-forwards of squares or of xIELU, without a gate. */
import { flag, optionalSize, real, type Values } from '../../config/keys';
import { headNorm } from '../blocks/attention';
import {
  decoderArchitectures,
  decoderKeys,
  GENERATION_ONLY,
  keyValueHeads,
  plainMlp,
  residualLayer,
  rotaryDecoder,
} from '../blocks/decoder';
import { layerNorm, onePlus, rmsNorm } from '../blocks/layers';
import type { Scheme } from '../blocks/rotary';
import { family } from '../family';
import { checkHeads } from './llama';

const nemotronKeys = {
  ...decoderKeys(
    {
      vocabulary: 256000,
      width: 6144,
      intermediate: 24576,
      layers: 32,
      heads: 48,
      positions: 4096,
      initializerRange: 0.0134,
    },
    'relu2',
  ),
  ...keyValueHeads,
  head_dim: optionalSize(),
  norm_eps: real(1e-5),
  attention_bias: flag(false),
  mlp_bias: flag(false),
} as const;

const nemotron = family({
  modelType: 'nemotron',
  keys: nemotronKeys,
  base: 'NemotronModel',
  initializerRange: (c) => c.initializer_range,
  architectures: decoderArchitectures(
    'Nemotron',
    (c: Values<typeof nemotronKeys>) =>
      rotaryDecoder(c, {
        partialRotary: 0.5,
        attentionBias: c.attention_bias,
        norm: () => onePlus(layerNorm(c.hidden_size, c.norm_eps)),
        feedForward: () => plainMlp(c.hidden_size, c.intermediate_size, c.hidden_act, c.mlp_bias),
      }),
    'transformer',
  ),
});

const arceeKeys = {
  ...decoderKeys(
    { vocabulary: 32000, width: 2560, intermediate: 18432, layers: 32, heads: 32, positions: 4096 },
    'relu2',
  ),
  ...keyValueHeads,
  head_dim: optionalSize(),
  rms_norm_eps: real(1e-5),
  attention_bias: flag(false),
  mlp_bias: flag(false),
} as const;

const arcee = family({
  modelType: 'arcee',
  keys: arceeKeys,
  base: 'ArceeModel',
  initializerRange: (c) => c.initializer_range,
  check: checkHeads,
  architectures: decoderArchitectures(
    'Arcee',
    (c: Values<typeof arceeKeys>) =>
      rotaryDecoder(c, {
        attentionBias: c.attention_bias,
        feedForward: () => plainMlp(c.hidden_size, c.intermediate_size, c.hidden_act, c.mlp_bias),
      }),
    'transformer',
  ),
});

const jais2Keys = {
  ...decoderKeys(
    { vocabulary: 150272, width: 3328, intermediate: 26624, layers: 32, heads: 26, positions: 8192 },
    'relu2',
  ),
  ...keyValueHeads,
  head_dim: optionalSize(),
  layer_norm_eps: real(1e-5),
  attention_bias: flag(true),
  mlp_bias: flag(true),
} as const;

const jais2 = family({
  modelType: 'jais2',
  keys: jais2Keys,
  base: 'Jais2Model',
  initializerRange: (c) => c.initializer_range,
  check: checkHeads,
  architectures: decoderArchitectures(
    'Jais2',
    (c: Values<typeof jais2Keys>) =>
      rotaryDecoder(c, {
        attentionBias: c.attention_bias,
        norm: () => layerNorm(c.hidden_size, c.layer_norm_eps),
        feedForward: () => plainMlp(c.hidden_size, c.intermediate_size, c.hidden_act, c.mlp_bias),
      }),
    undefined,
    { without: GENERATION_ONLY },
  ),
});

const apertusKeys = {
  ...decoderKeys(
    { vocabulary: 131072, width: 4096, intermediate: 14336, layers: 32, heads: 32, positions: 65536 },
    'xielu',
  ),
  ...keyValueHeads,
  head_dim: optionalSize(),
  rms_norm_eps: real(1e-5),
  attention_bias: flag(false),
} as const;

/** The scheme of a config that has none. */
const APERTUS_SCHEME: Scheme = {
  rope_type: 'llama3',
  rope_theta: 12e6,
  factor: 8,
  original_max_position_embeddings: 8192,
  low_freq_factor: 1,
  high_freq_factor: 4,
};

const apertus = family({
  modelType: 'apertus',
  keys: apertusKeys,
  base: 'ApertusModel',
  initializerRange: (c) => c.initializer_range,
  architectures: decoderArchitectures(
    'Apertus',
    (c: Values<typeof apertusKeys>) =>
      rotaryDecoder(
        { ...c, rope_parameters: c.rope_parameters ?? APERTUS_SCHEME },
        {
          defaultTheta: 12e6,
          attentionBias: c.attention_bias,
          extras: (headDim) => ({ queryKeyNorm: headNorm(() => rmsNorm(headDim, c.rms_norm_eps)) }),
          layer: residualLayer({
            beforeAttention: 'attention_layernorm',
            beforeFeedForward: 'feedforward_layernorm',
          }),
          feedForward: () => plainMlp(c.hidden_size, c.intermediate_size, c.hidden_act, false),
        },
      ),
    undefined,
    { without: ['SequenceClassification'] },
  ),
});

export const nemotrons = [nemotron, arcee, jais2, apertus] as const;
