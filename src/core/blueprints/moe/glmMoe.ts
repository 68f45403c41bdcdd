/** GLM's mixtures (Zhipu 2025): GLM-4.5, GLM-4.7-Flash, GLM-5; and those made after GLM-4.5: Solar Open, dots.llm1. */
import {
  any,
  flag,
  list,
  depth,
  nullableSize,
  optionalSize,
  real,
  size,
  type Values,
} from '../../config/keys';
import {
  decoderArchitectures,
  decoderKeys,
  gatedMlp,
  GENERATION_ONLY,
  keyValueHeads,
  rotaryDecoder,
  type Decoder,
} from '../blocks/decoder';
import { indexer, indexerKeys, latentKeys, latentLayer } from '../blocks/latent';
import { causalMask, checkLayerTypes, patternKeys, slidingLayers } from '../blocks/pattern';
import { family } from '../family';
import { groupedExperts, groupKeys } from './groups';
import { latentDecoder } from './latentDecoder';
import { normedHeads, sparseLayers } from './parts';

const glm4Keys = {
  ...decoderKeys({
    vocabulary: 151552,
    width: 4096,
    intermediate: 10944,
    layers: 46,
    heads: 96,
    positions: 131072,
  }),
  ...groupKeys({ experts: 128, active: 8, intermediate: 1408, scale: 1 }),
  num_key_value_heads: size(8, { role: 'keyValueHeads' }),
  head_dim: optionalSize(),
  rms_norm_eps: real(1e-5),
  attention_bias: flag(false),
  first_k_dense_replace: depth(1, { min: 0 }),
  use_qk_norm: flag(false),
} as const;

const glm4Body = (c: Values<typeof glm4Keys>): Decoder =>
  rotaryDecoder(c, {
    partialRotary: 0.5,
    attentionBias: c.attention_bias,
    outputBias: false,
    ...(c.use_qk_norm ? { extras: normedHeads(c, 'head') } : {}),
    feedForward: (layer) =>
      layer < c.first_k_dense_replace
        ? gatedMlp(c.hidden_size, c.intermediate_size, c.hidden_act)
        : groupedExperts(c),
  });

export const glm4Moe = family({
  modelType: 'glm4_moe',
  keys: glm4Keys,
  base: 'Glm4MoeModel',
  initializerRange: (c) => c.initializer_range,
  architectures: decoderArchitectures('Glm4Moe', glm4Body, undefined, { without: GENERATION_ONLY }),
});

const solarKeys = {
  ...decoderKeys({
    vocabulary: 196608,
    width: 4096,
    intermediate: 10944,
    layers: 48,
    heads: 64,
    positions: 131072,
  }),
  ...groupKeys({ experts: 128, active: 8, intermediate: 1280, scale: 1 }),
  num_key_value_heads: size(8, { role: 'keyValueHeads' }),
  head_dim: nullableSize(128),
  rms_norm_eps: real(1e-5),
  attention_bias: flag(false),
} as const;

const solarBody = (c: Values<typeof solarKeys>): Decoder =>
  rotaryDecoder(c, {
    partialRotary: 1,
    defaultTheta: 1e6,
    attentionBias: c.attention_bias,
    outputBias: false,
    feedForward: () => groupedExperts(c),
  });

export const solarOpen = family({
  modelType: 'solar_open',
  keys: solarKeys,
  base: 'SolarOpenModel',
  initializerRange: (c) => c.initializer_range,
  architectures: decoderArchitectures('SolarOpen', solarBody, undefined, { without: GENERATION_ONLY }),
});

const dotsKeys = {
  ...decoderKeys({
    vocabulary: 152064,
    width: 4608,
    intermediate: 10944,
    layers: 62,
    heads: 32,
    positions: 2048,
  }),
  ...keyValueHeads,
  ...groupKeys({ experts: 1, active: 1, intermediate: 1408, scale: 1 }),
  ...patternKeys,
  head_dim: optionalSize(),
  rms_norm_eps: real(1e-6),
  attention_bias: flag(false),
  norm_topk_prob: flag(false),
  first_k_dense_replace: depth(0, { min: 0 }),
  sliding_window: nullableSize(4096),
  max_window_layers: size(62, { min: 0 }),
} as const;

function dotsBody(c: Values<typeof dotsKeys>): Decoder {
  const slides = slidingLayers(c, (layer) => c.sliding_window !== null && layer >= c.max_window_layers);
  return rotaryDecoder(c, {
    mask: (layer) => causalMask(slides[layer] ? c.sliding_window : undefined),
    attentionBias: c.attention_bias,
    extras: normedHeads(c, 'head'),
    feedForward: (layer) =>
      layer < c.first_k_dense_replace
        ? gatedMlp(c.hidden_size, c.intermediate_size, c.hidden_act)
        : groupedExperts(c),
  });
}

export const dots1 = family({
  modelType: 'dots1',
  keys: dotsKeys,
  base: 'Dots1Model',
  initializerRange: (c) => c.initializer_range,
  check: checkLayerTypes,
  architectures: decoderArchitectures('Dots1', dotsBody, undefined, { without: GENERATION_ONLY }),
});

const liteKeys = {
  ...decoderKeys({
    vocabulary: 154880,
    width: 2048,
    intermediate: 10240,
    layers: 47,
    heads: 20,
    positions: 202752,
  }),
  ...latentKeys({ queryRank: 768, plain: 192, value: 256 }),
  ...groupKeys({ experts: 64, active: 4, intermediate: 1536, scale: 1.8 }),
  num_key_value_heads: size(20),
  qk_rope_head_dim: size(64, { aliases: ['head_dim'] }),
  rms_norm_eps: real(1e-5),
  rope_interleave: flag(true),
  mlp_layer_types: list(),
} as const;

function liteBody(c: Values<typeof liteKeys>): Decoder {
  const isSparse = sparseLayers(c.mlp_layer_types, 1);
  return latentDecoder(c, {
    pairs: c.rope_interleave ? 'interleaved' : 'half',
    partialRotary: 1,
    feedForward: (layer) =>
      isSparse(layer) ? groupedExperts(c) : gatedMlp(c.hidden_size, c.intermediate_size, c.hidden_act),
  });
}

export const glm4MoeLite = family({
  modelType: 'glm4_moe_lite',
  keys: liteKeys,
  base: 'Glm4MoeLiteModel',
  initializerRange: (c) => c.initializer_range,
  architectures: decoderArchitectures('Glm4MoeLite', liteBody, undefined, { without: GENERATION_ONLY }),
});

const indexedKeys = {
  ...decoderKeys({
    vocabulary: 154880,
    width: 6144,
    intermediate: 12288,
    layers: 78,
    heads: 64,
    positions: 202752,
  }),
  ...latentKeys({ queryRank: 2048, plain: 192, value: 256 }),
  ...groupKeys({
    experts: 256,
    active: 8,
    intermediate: 2048,
    scale: 2.5,
    aliases: ['num_local_experts', 'num_experts'],
  }),
  ...indexerKeys({ heads: 32 }),
  ...patternKeys,
  q_lora_rank: size(2048),
  num_key_value_heads: size(64),
  rms_norm_eps: real(1e-5),
  mlp_layer_types: list(),
  first_k_dense_replace: depth(3, { min: 0 }),
  indexer_types: list(),
  index_topk_pattern: any(),
  index_topk_freq: size(1, { min: 0 }),
  index_skip_topk_offset: size(2, { min: 0 }),
} as const;

/** Layers with an indexer of their own; the others attend to what the one before them found. */
function indexes(c: Values<typeof indexedKeys>, layer: number): boolean {
  if (c.indexer_types !== undefined) return c.indexer_types[layer] === 'full';
  const pattern = c.index_topk_pattern;
  if (typeof pattern === 'string') return pattern[layer] === 'F';
  if (Array.isArray(pattern)) return pattern[layer] === 'full';
  const past = Math.max(layer - c.index_skip_topk_offset + 1, 0);
  return past % Math.max(c.index_topk_freq, 1) === 0;
}

function indexedBody(c: Values<typeof indexedKeys>): Decoder {
  const isSparse = sparseLayers(c.mlp_layer_types, c.first_k_dense_replace);
  return latentDecoder(c, {
    attention: (angles, layer) =>
      latentLayer(c, angles, { indexer: indexes(c, layer) ? indexer(c, 'interleaved') : 'previous' }),
    feedForward: (layer) =>
      isSparse(layer) ? groupedExperts(c) : gatedMlp(c.hidden_size, c.intermediate_size, c.hidden_act),
  });
}

export const glmMoeDsa = family({
  modelType: 'glm_moe_dsa',
  keys: indexedKeys,
  base: 'GlmMoeDsaModel',
  initializerRange: (c) => c.initializer_range,
  check: checkLayerTypes,
  architectures: decoderArchitectures('GlmMoeDsa', indexedBody, undefined, { without: GENERATION_ONLY }),
});
