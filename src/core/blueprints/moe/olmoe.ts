/** OLMoE (2024) and FlexOlmo (2025): norms over all heads' queries and keys; FlexOlmo normalises what layers add. */
import { flag, optionalReal, optionalSize, real, size, type Values } from '../../config/keys';
import {
  decoderArchitectures,
  decoderKeys,
  GENERATION_ONLY,
  keyValueHeads,
  residualLayer,
  rotaryDecoder,
  type Decoder,
} from '../blocks/decoder';
import { softmaxExperts } from '../blocks/experts';
import { family } from '../family';
import { normedHeads } from './parts';

const common = {
  ...keyValueHeads,
  head_dim: optionalSize(),
  attention_bias: flag(false),
  norm_topk_prob: flag(false),
};

const olmoeKeys = {
  ...decoderKeys({
    vocabulary: 50304,
    width: 2048,
    intermediate: 2048,
    layers: 16,
    heads: 16,
    positions: 4096,
  }),
  ...common,
  num_experts: size(64, { aliases: ['num_local_experts'] }),
  num_experts_per_tok: size(8),
  rms_norm_eps: real(1e-5),
  clip_qkv: optionalReal(),
} as const;

const flexKeys = {
  ...decoderKeys({
    vocabulary: 100352,
    width: 4096,
    intermediate: 11008,
    layers: 32,
    heads: 32,
    positions: 4096,
  }),
  ...common,
  num_experts: size(7, { aliases: ['num_local_experts'] }),
  num_experts_per_tok: size(5),
  rms_norm_eps: real(1e-6),
} as const;

function mixture(c: Values<typeof flexKeys>) {
  const shape = {
    count: c.num_experts,
    active: c.num_experts_per_tok,
    width: c.hidden_size,
    intermediate: c.intermediate_size,
    activation: c.hidden_act,
  };
  return softmaxExperts(shape, c.norm_topk_prob);
}

function olmoeBody(c: Values<typeof olmoeKeys>): Decoder {
  return rotaryDecoder(c, {
    attentionBias: c.attention_bias,
    extras: () => ({
      // These norms are as wide as the model, whatever head_dim says.
      ...normedHeads(c, 'all')(c.hidden_size / c.num_attention_heads),
      ...(c.clip_qkv === undefined ? {} : { clip: c.clip_qkv }),
    }),
    feedForward: () => mixture(c),
  });
}

function flexBody(c: Values<typeof flexKeys>): Decoder {
  return rotaryDecoder(c, {
    defaultTheta: 500000,
    attentionBias: c.attention_bias,
    extras: normedHeads(c, 'all'),
    layer: residualLayer({
      afterAttention: 'post_attention_layernorm',
      afterFeedForward: 'post_feedforward_layernorm',
    }),
    feedForward: () => mixture(c),
  });
}

export const olmoe = family({
  modelType: 'olmoe',
  keys: olmoeKeys,
  base: 'OlmoeModel',
  initializerRange: (c) => c.initializer_range,
  architectures: decoderArchitectures('Olmoe', olmoeBody, undefined, { without: GENERATION_ONLY }),
});

export const flexOlmo = family({
  modelType: 'flex_olmo',
  keys: flexKeys,
  base: 'FlexOlmoModel',
  initializerRange: (c) => c.initializer_range,
  architectures: decoderArchitectures('FlexOlmo', flexBody, undefined, { without: GENERATION_ONLY }),
});
