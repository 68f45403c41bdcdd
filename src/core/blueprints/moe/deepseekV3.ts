/** DeepSeek-V3 (2024): multi-head latent attention, dense layers first, then experts chosen by groups. */
import { activation, tie } from '../../config/common';
import { depth, flag, nullableSize, optionalSize, real, size, type Values } from '../../config/keys';
import { latentAttention } from '../blocks/attention';
import { decoder, decoderArchitectures, gatedMlp, preNormLayer, type Decoder } from '../blocks/decoder';
import { sigmoidGroupExperts } from '../blocks/experts';
import { linear, rmsNorm } from '../blocks/layers';
import { rotary, rotaryKeys, yarnScoreFactor } from '../blocks/rotary';
import { family } from '../family';

const keys = {
  vocab_size: size(129280),
  hidden_size: size(7168, { role: 'width' }),
  intermediate_size: size(18432),
  moe_intermediate_size: size(2048),
  num_hidden_layers: depth(61),
  num_attention_heads: size(128),
  num_key_value_heads: optionalSize(),
  n_shared_experts: size(1, { min: 0 }),
  n_routed_experts: size(256, { aliases: ['num_local_experts'] }),
  num_experts_per_tok: size(8),
  n_group: nullableSize(8),
  topk_group: size(4),
  norm_topk_prob: flag(true),
  routed_scaling_factor: real(2.5),
  first_k_dense_replace: depth(3, { min: 0 }),
  q_lora_rank: nullableSize(1536),
  kv_lora_rank: size(512),
  qk_rope_head_dim: size(64),
  qk_nope_head_dim: size(128),
  v_head_dim: size(128),
  rope_interleave: flag(true),
  hidden_act: activation('silu'),
  max_position_embeddings: size(4096),
  rms_norm_eps: real(1e-6),
  initializer_range: real(0.02),
  attention_bias: flag(false),
  tie_word_embeddings: tie(false),
  ...rotaryKeys,
} as const;

/** The norms inside attention have the class's default epsilon, whatever the config says. */
const LATENT_EPSILON = 1e-6;

function attention(c: Values<typeof keys>, angles: ReturnType<typeof rotary>) {
  const width = c.hidden_size;
  const heads = c.num_attention_heads;
  const headDim = c.qk_nope_head_dim + c.qk_rope_head_dim;
  const rank = c.q_lora_rank;
  const bias = c.attention_bias;
  return latentAttention(
    {
      heads,
      headDim,
      valueDim: c.v_head_dim,
      latentDim: c.kv_lora_rank,
      rotaryDim: c.qk_rope_head_dim,
      mask: { type: 'causal' },
      position: { type: 'rotary', rotary: angles },
      scale: headDim ** -0.5 * yarnScoreFactor(c),
    },
    {
      query:
        rank === null
          ? linear(width, heads * headDim, { bias: false })
          : {
              down: linear(width, rank, { bias }),
              norm: rmsNorm(rank, LATENT_EPSILON),
              up: linear(rank, heads * headDim, { bias: false }),
            },
      keyValueDown: linear(width, c.kv_lora_rank + c.qk_rope_head_dim, { bias }),
      keyValueNorm: rmsNorm(c.kv_lora_rank, LATENT_EPSILON),
      keyValueUp: linear(c.kv_lora_rank, heads * (c.qk_nope_head_dim + c.v_head_dim), { bias: false }),
      output: linear(heads * c.v_head_dim, width, { bias }),
    },
  );
}

function feedForward(c: Values<typeof keys>, layer: number) {
  const width = c.hidden_size;
  if (layer < c.first_k_dense_replace) return gatedMlp(width, c.intermediate_size, c.hidden_act);
  const intermediate = c.moe_intermediate_size;
  return sigmoidGroupExperts(
    {
      count: c.n_routed_experts,
      active: c.num_experts_per_tok,
      width,
      intermediate,
      activation: c.hidden_act,
    },
    {
      groups: c.n_group ?? 1,
      activeGroups: c.topk_group,
      normalise: c.norm_topk_prob,
      scale: c.routed_scaling_factor,
    },
    gatedMlp(width, intermediate * c.n_shared_experts, c.hidden_act),
  );
}

function body(c: Values<typeof keys>): Decoder {
  const angles = rotary(c, {
    dim: c.qk_rope_head_dim,
    defaultTheta: 10000,
    positions: c.max_position_embeddings,
    pairs: c.rope_interleave ? 'interleaved' : 'half',
  });
  const norm = () => rmsNorm(c.hidden_size, c.rms_norm_eps);
  return decoder({
    vocabulary: c.vocab_size,
    width: c.hidden_size,
    layers: Array.from({ length: c.num_hidden_layers }, (_, index) =>
      preNormLayer({
        self_attn: attention(c, angles),
        mlp: feedForward(c, index),
        input_layernorm: norm(),
        post_attention_layernorm: norm(),
      }),
    ),
    norm: norm(),
    rotary: angles,
  });
}

export const deepseekV3 = family({
  modelType: 'deepseek_v3',
  keys,
  base: 'DeepseekV3Model',
  initializerRange: (c) => c.initializer_range,
  architectures: decoderArchitectures('DeepseekV3', body),
});
