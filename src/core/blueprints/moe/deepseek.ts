/**
 * DeepSeek-V2 and -V3 (2024), V3.2 (2025) and A.X-K1: multi-head latent attention, dense layers first, then experts
 * chosen by groups; V3.2 attends to the keys that an indexer finds.
 */
import { activation } from '../../config/common';
import {
  depth,
  flag,
  list,
  optionalReal,
  optionalSize,
  real,
  size,
  text,
  type Values,
} from '../../config/keys';
import { block } from '../../model/build';
import type { Block } from '../../model/module';
import {
  decoderArchitectures,
  decoderKeys,
  decoderSizes,
  gatedMlp,
  GENERATION_ONLY,
  type Decoder,
} from '../blocks/decoder';
import { experts } from '../blocks/experts';
import { indexer, indexerKeys, latentKeys, latentLayer } from '../blocks/latent';
import { rmsNorm } from '../blocks/layers';
import { checkLayerTypes, patternKeys } from '../blocks/pattern';
import { rotaryKeys } from '../blocks/rotary';
import { family } from '../family';
import { groupedExperts, groupKeys } from './groups';
import { latentDecoder } from './latentDecoder';
import { sparseLayers } from './parts';

const v2Keys = {
  ...decoderKeys({
    vocabulary: 102400,
    width: 4096,
    intermediate: 11008,
    layers: 32,
    heads: 32,
    positions: 2048,
  }),
  ...latentKeys({ queryRank: 1536, plain: 128, value: 128 }),
  rms_norm_eps: real(1e-6),
  num_key_value_heads: optionalSize(),
  mlp_bias: flag(false),
  first_k_dense_replace: depth(0, { min: 0 }),
  n_group: optionalSize(),
  n_routed_experts: size(64, { aliases: ['num_experts'] }),
  n_shared_experts: size(2, { min: 0 }),
  num_experts_per_tok: optionalSize(),
  moe_intermediate_size: size(1407),
  routed_scaling_factor: real(1),
  topk_group: optionalSize(),
  topk_method: text('greedy'),
} as const;

function v2Body(c: Values<typeof v2Keys>): Decoder {
  const width = c.hidden_size;
  const dense = (intermediate: number) => gatedMlp(width, intermediate, c.hidden_act, c.mlp_bias);
  const byGroups = c.topk_method === 'group_limited_greedy';
  const mixture = () =>
    experts(
      {
        count: c.n_routed_experts,
        active: c.num_experts_per_tok ?? 1,
        width,
        intermediate: c.moe_intermediate_size,
        activation: c.hidden_act,
      },
      {
        type: 'softmaxGroups',
        groups: byGroups ? (c.n_group ?? 1) : 1,
        activeGroups: byGroups ? (c.topk_group ?? 1) : 1,
        normalise: false,
        scale: c.routed_scaling_factor,
      },
      { shared: { shared_experts: dense(c.moe_intermediate_size * c.n_shared_experts) } },
    );
  return latentDecoder(c, {
    feedForward: (layer) => (layer < c.first_k_dense_replace ? dense(c.intermediate_size) : mixture()),
  });
}

export const deepseekV2 = family({
  modelType: 'deepseek_v2',
  keys: v2Keys,
  base: 'DeepseekV2Model',
  initializerRange: (c) => c.initializer_range,
  check: (c, checks) =>
    checks.multiple('hidden_size', c.hidden_size, 'num_attention_heads', c.num_attention_heads),
  architectures: decoderArchitectures('DeepseekV2', v2Body, undefined, { without: ['TokenClassification'] }),
});

const v3Keys = {
  ...decoderKeys({
    vocabulary: 129280,
    width: 7168,
    intermediate: 18432,
    layers: 61,
    heads: 128,
    positions: 4096,
  }),
  ...latentKeys({ queryRank: 1536, plain: 128, value: 128 }),
  ...groupKeys({ experts: 256, active: 8, intermediate: 2048, groups: 8, activeGroups: 4, scale: 2.5 }),
  rms_norm_eps: real(1e-6),
  num_key_value_heads: optionalSize(),
  first_k_dense_replace: depth(3, { min: 0 }),
  rope_interleave: flag(true),
} as const;

const v3Body = (c: Values<typeof v3Keys>): Decoder =>
  latentDecoder(c, {
    pairs: c.rope_interleave ? 'interleaved' : 'half',
    feedForward: (layer) =>
      layer < c.first_k_dense_replace
        ? gatedMlp(c.hidden_size, c.intermediate_size, c.hidden_act)
        : groupedExperts(c),
  });

export const deepseekV3 = family({
  modelType: 'deepseek_v3',
  keys: v3Keys,
  base: 'DeepseekV3Model',
  initializerRange: (c) => c.initializer_range,
  architectures: decoderArchitectures('DeepseekV3', v3Body),
});

/** Youtu-LLM (Tencent 2025): DeepSeek's latent attention without its experts. */
const youtuKeys = {
  ...decoderSizes({
    vocabulary: 128256,
    width: 2048,
    intermediate: 6144,
    layers: 32,
    heads: 16,
    positions: 131072,
    tied: true,
  }),
  ...rotaryKeys,
  hidden_act: activation('silu'),
  initializer_range: optionalReal(),
  ...latentKeys({ queryRank: 1536, plain: 128, value: 128 }),
  rms_norm_eps: real(1e-6),
  rope_interleave: flag(true),
} as const;

const youtuBody = (c: Values<typeof youtuKeys>): Decoder =>
  latentDecoder(c, {
    pairs: c.rope_interleave ? 'interleaved' : 'half',
    feedForward: () => gatedMlp(c.hidden_size, c.intermediate_size, c.hidden_act),
  });

export const youtu = family({
  modelType: 'youtu',
  keys: youtuKeys,
  base: 'YoutuModel',
  initializerRange: (c) => c.initializer_range ?? 2 / Math.sqrt(5 * c.hidden_size),
  architectures: decoderArchitectures('Youtu', youtuBody, undefined, { without: GENERATION_ONLY }),
});

const axk1Keys = {
  ...v3Keys,
  ...decoderKeys({
    vocabulary: 163840,
    width: 7168,
    intermediate: 18432,
    layers: 61,
    heads: 64,
    positions: 32768,
  }),
  ...groupKeys({ experts: 192, active: 8, intermediate: 2048, groups: 8, activeGroups: 4, scale: 2.5 }),
  q_lora_rank: size(1536),
  first_k_dense_replace: depth(1, { min: 0 }),
} as const;

/** A mixture whose output is normalised, under the names of one module. */
function normedExperts(c: Values<typeof axk1Keys>): Block {
  const mixture = groupedExperts(c);
  const norm = rmsNorm(c.hidden_size, c.rms_norm_eps);
  return block('part', { '(experts)': mixture, post_mlp_layernorm: norm }, (trace, x) =>
    trace.chain(x, mixture, norm),
  );
}

const axk1Body = (c: Values<typeof axk1Keys>): Decoder =>
  latentDecoder(c, {
    pairs: c.rope_interleave ? 'interleaved' : 'half',
    feedForward: (layer) =>
      layer < c.first_k_dense_replace
        ? gatedMlp(c.hidden_size, c.intermediate_size, c.hidden_act)
        : normedExperts(c),
  });

export const axk1 = family({
  modelType: 'axk1',
  keys: axk1Keys,
  base: 'AXK1Model',
  initializerRange: (c) => c.initializer_range,
  architectures: decoderArchitectures('AXK1', axk1Body),
});

const v32Keys = {
  ...decoderKeys({
    vocabulary: 129280,
    width: 7168,
    intermediate: 18432,
    layers: 61,
    heads: 128,
    positions: 163840,
  }),
  ...latentKeys({ queryRank: 1536, plain: 128, value: 128 }),
  ...groupKeys({
    experts: 256,
    active: 8,
    intermediate: 2048,
    groups: 8,
    activeGroups: 4,
    scale: 2.5,
    aliases: ['num_local_experts', 'num_experts'],
  }),
  ...indexerKeys({ heads: 64 }),
  ...patternKeys,
  q_lora_rank: size(1536),
  rms_norm_eps: real(1e-6),
  num_key_value_heads: size(128),
  first_k_dense_replace: depth(3, { min: 0 }),
  mlp_layer_types: list(),
} as const;

function v32Body(c: Values<typeof v32Keys>): Decoder {
  const isSparse = sparseLayers(c.mlp_layer_types, c.first_k_dense_replace);
  return latentDecoder(c, {
    attention: (angles) => latentLayer(c, angles, { indexer: indexer(c, 'half') }),
    feedForward: (layer) =>
      isSparse(layer) ? groupedExperts(c) : gatedMlp(c.hidden_size, c.intermediate_size, c.hidden_act),
  });
}

export const deepseekV32 = family({
  modelType: 'deepseek_v32',
  keys: v32Keys,
  base: 'DeepseekV32Model',
  initializerRange: (c) => c.initializer_range,
  check: checkLayerTypes,
  architectures: decoderArchitectures('DeepseekV32', v32Body, undefined, { without: GENERATION_ONLY }),
});
