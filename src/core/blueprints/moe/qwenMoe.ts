/** Qwen's mixtures: Qwen2-MoE (2024) with a gated expert for all, Qwen3-MoE (2025) with norms of queries and keys. */
import { flag, list, nullableSize, optionalSize, real, size, type Values } from '../../config/keys';
import { decoderArchitectures, decoderKeys, gatedMlp, rotaryDecoder, type Decoder } from '../blocks/decoder';
import { experts, softmaxExperts } from '../blocks/experts';
import { linear } from '../blocks/layers';
import { normedHeads } from './parts';
import { causalMask, checkLayerTypes, patternKeys, slidingLayers } from '../blocks/pattern';
import { family } from '../family';

const sparseKeys = {
  head_dim: optionalSize(),
  rms_norm_eps: real(1e-6),
  use_sliding_window: flag(false),
  sliding_window: nullableSize(4096, { min: 0 }),
  decoder_sparse_step: size(1),
  norm_topk_prob: flag(false),
  mlp_only_layers: list(),
} as const;

const keys2 = {
  ...decoderKeys({
    vocabulary: 151936,
    width: 2048,
    intermediate: 5632,
    layers: 24,
    heads: 16,
    positions: 32768,
  }),
  ...sparseKeys,
  ...patternKeys,
  num_key_value_heads: size(16, { role: 'keyValueHeads' }),
  max_window_layers: size(28, { min: 0 }),
  moe_intermediate_size: size(1408),
  shared_expert_intermediate_size: size(5632),
  num_experts_per_tok: size(4),
  num_experts: size(60, { min: 0 }),
  qkv_bias: flag(true),
} as const;

const keys3 = {
  ...decoderKeys({
    vocabulary: 151936,
    width: 2048,
    intermediate: 6144,
    layers: 24,
    heads: 32,
    positions: 32768,
  }),
  ...sparseKeys,
  num_key_value_heads: size(4, { role: 'keyValueHeads' }),
  moe_intermediate_size: size(768),
  num_experts_per_tok: size(8),
  num_experts: size(128, { min: 0, aliases: ['num_local_experts'] }),
  attention_bias: flag(false),
} as const;

type Sparse = Pick<
  Values<typeof keys2>,
  'mlp_only_layers' | 'num_experts' | 'num_experts_per_tok' | 'decoder_sparse_step' | 'hidden_size'
> &
  Pick<Values<typeof keys2>, 'moe_intermediate_size' | 'hidden_act'>;

/** Every `decoder_sparse_step`-th layer has experts, but those that the config excepts. */
function isSparse(c: Sparse, layer: number): boolean {
  const excepted = c.mlp_only_layers?.includes(layer) ?? false;
  return !excepted && c.num_experts > 0 && (layer + 1) % c.decoder_sparse_step === 0;
}

function expertsShape(c: Sparse) {
  return {
    count: c.num_experts,
    active: c.num_experts_per_tok,
    width: c.hidden_size,
    intermediate: c.moe_intermediate_size,
    activation: c.hidden_act,
  };
}

function body2(c: Values<typeof keys2>): Decoder {
  const window = c.use_sliding_window ? c.sliding_window : undefined;
  const slides = slidingLayers(
    c,
    (layer) => c.use_sliding_window && (layer + 1) % 2 === 1 && layer < c.max_window_layers,
  );
  const mixture = () =>
    experts(
      expertsShape(c),
      { type: 'softmaxTopK', normalise: c.norm_topk_prob },
      {
        shared: { shared_expert: gatedMlp(c.hidden_size, c.shared_expert_intermediate_size, c.hidden_act) },
        sharedGate: { shared_expert_gate: linear(c.hidden_size, 1, { bias: false }) },
      },
    );
  return rotaryDecoder(c, {
    mask: (layer) => causalMask(slides[layer] ? window : undefined),
    attentionBias: c.qkv_bias,
    outputBias: false,
    feedForward: (layer) =>
      isSparse(c, layer) ? mixture() : gatedMlp(c.hidden_size, c.intermediate_size, c.hidden_act),
  });
}

function body3(c: Values<typeof keys3>): Decoder {
  return rotaryDecoder(c, {
    mask: causalMask(c.use_sliding_window ? c.sliding_window : undefined),
    attentionBias: c.attention_bias,
    extras: normedHeads(c, 'head'),
    feedForward: (layer) =>
      isSparse(c, layer)
        ? softmaxExperts(expertsShape(c), c.norm_topk_prob)
        : gatedMlp(c.hidden_size, c.intermediate_size, c.hidden_act),
  });
}

export const qwen2Moe = family({
  modelType: 'qwen2_moe',
  keys: keys2,
  base: 'Qwen2MoeModel',
  initializerRange: (c) => c.initializer_range,
  check: checkLayerTypes,
  architectures: decoderArchitectures('Qwen2Moe', body2, 'model'),
});

export const qwen3Moe = family({
  modelType: 'qwen3_moe',
  keys: keys3,
  base: 'Qwen3MoeModel',
  initializerRange: (c) => c.initializer_range,
  architectures: decoderArchitectures('Qwen3Moe', body3, 'transformer'),
});
