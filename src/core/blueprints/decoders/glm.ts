/** GLM-4 (2024) and GLM-4-0414: half of each head is rotated, gate and up are one matrix; the latter has norms on both sides. */
import { flag, nullableSize, real, size, type Values } from '../../config/keys';
import {
  decoderArchitectures,
  decoderKeys,
  fusedGateMlp,
  residualLayer,
  rotaryDecoder,
  type LayerStyle,
} from '../blocks/decoder';
import { family } from '../family';

const glmKeys = {
  ...decoderKeys({
    vocabulary: 151552,
    width: 4096,
    intermediate: 13696,
    layers: 40,
    heads: 32,
    positions: 131072,
  }),
  num_key_value_heads: nullableSize(2, { role: 'keyValueHeads' }),
  head_dim: size(128),
  rms_norm_eps: real(1.5625e-7),
  attention_bias: flag(true),
} as const;

const body = (layer?: LayerStyle) => (c: Values<typeof glmKeys>) =>
  rotaryDecoder(c, {
    partialRotary: 0.5,
    pairs: 'interleaved',
    attentionBias: c.attention_bias,
    outputBias: false,
    feedForward: () => fusedGateMlp(c.hidden_size, c.intermediate_size, c.hidden_act),
    ...(layer === undefined ? {} : { layer }),
  });

const glm = family({
  modelType: 'glm',
  keys: glmKeys,
  base: 'GlmModel',
  initializerRange: (c) => c.initializer_range,
  architectures: decoderArchitectures('Glm', body()),
});

const SANDWICH = residualLayer({
  beforeAttention: 'input_layernorm',
  afterAttention: 'post_self_attn_layernorm',
  beforeFeedForward: 'post_attention_layernorm',
  afterFeedForward: 'post_mlp_layernorm',
});

const glm4 = family({
  modelType: 'glm4',
  keys: { ...glmKeys, num_key_value_heads: size(2, { role: 'keyValueHeads' }) },
  base: 'Glm4Model',
  initializerRange: (c) => c.initializer_range,
  architectures: decoderArchitectures('Glm4', body(SANDWICH)),
});

export const glms = [glm, glm4] as const;
