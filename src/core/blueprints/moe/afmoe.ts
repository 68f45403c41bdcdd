/** AFMoE (Arcee 2025), K-EXAONE and Hunyuan-A13B: experts with norms of queries and keys, gates and windows. */
import {
  any,
  depth,
  flag,
  list,
  nullableSize,
  optionalSize,
  real,
  size,
  type Values,
} from '../../config/keys';
import { parameter } from '../../model/build';
import {
  decoderArchitectures,
  decoderKeys,
  gatedMlp,
  GENERATION_ONLY,
  headDimension,
  keyValueHeads,
  residualLayer,
  rotaryDecoder,
  type Decoder,
} from '../blocks/decoder';
import { experts, sigmoidGroupExperts } from '../blocks/experts';
import { linear } from '../blocks/layers';
import { causalMask, checkLayerTypes, patternKeys, slidingLayers } from '../blocks/pattern';
import { family } from '../family';
import { normedHeads, sparseLayers } from './parts';

const afmoeKeys = {
  ...decoderKeys({
    vocabulary: 200192,
    width: 2048,
    intermediate: 6144,
    layers: 32,
    heads: 16,
    positions: 16384,
  }),
  ...keyValueHeads,
  ...patternKeys,
  head_dim: nullableSize(128),
  rms_norm_eps: real(1e-5),
  attention_bias: flag(false),
  moe_intermediate_size: size(1408),
  num_dense_layers: depth(1, { min: 0 }),
  num_experts: size(64),
  num_experts_per_tok: size(6),
  num_shared_experts: size(2, { min: 0 }),
  route_scale: real(1),
  global_attn_every_n_layers: size(4),
  sliding_window: nullableSize(1024),
  mup_enabled: flag(false),
} as const;

function afmoeBody(c: Values<typeof afmoeKeys>): Decoder {
  const width = c.hidden_size;
  const slides = slidingLayers(c, (layer) => (layer + 1) % c.global_attn_every_n_layers !== 0);
  const inner = c.num_attention_heads * headDimension(c);
  const mixture = () => {
    // Not trained, but a parameter to the class.
    const correction = parameter(c.num_experts);
    return experts(
      {
        count: c.num_experts,
        active: c.num_experts_per_tok,
        width,
        intermediate: c.moe_intermediate_size,
        activation: c.hidden_act,
      },
      {
        type: 'sigmoidGroups',
        correction,
        groups: 1,
        activeGroups: 1,
        normalise: true,
        scale: c.route_scale,
      },
      {
        router: 'router.gate',
        own: { expert_bias: correction },
        shared: {
          shared_experts: gatedMlp(width, c.moe_intermediate_size * c.num_shared_experts, c.hidden_act),
        },
      },
    );
  };
  return rotaryDecoder(c, {
    mask: (layer) => causalMask(slides[layer] ? c.sliding_window : undefined),
    rotates: (layer) => slides[layer]!,
    attentionBias: c.attention_bias,
    ...(c.mup_enabled ? { scaleEmbedding: Math.sqrt(width) } : {}),
    extras: (headDim) => ({
      ...normedHeads(c, 'head')(headDim),
      gate: linear(width, inner, { bias: false }),
    }),
    layer: residualLayer({
      beforeAttention: 'input_layernorm',
      afterAttention: 'post_attention_layernorm',
      beforeFeedForward: 'pre_mlp_layernorm',
      afterFeedForward: 'post_mlp_layernorm',
    }),
    feedForward: (layer) =>
      layer >= c.num_dense_layers ? mixture() : gatedMlp(width, c.intermediate_size, c.hidden_act),
  });
}

export const afmoe = family({
  modelType: 'afmoe',
  keys: afmoeKeys,
  base: 'AfmoeModel',
  initializerRange: (c) => c.initializer_range,
  check: checkLayerTypes,
  architectures: decoderArchitectures('Afmoe', afmoeBody, undefined, { without: GENERATION_ONLY }),
});

const exaoneKeys = {
  ...decoderKeys({
    vocabulary: 102400,
    width: 4096,
    intermediate: 16384,
    layers: 32,
    heads: 32,
    positions: 2048,
  }),
  ...patternKeys,
  num_key_value_heads: size(32, { role: 'keyValueHeads' }),
  head_dim: optionalSize(),
  rms_norm_eps: real(1e-5),
  sliding_window: nullableSize(4096),
  sliding_window_pattern: any(),
  mlp_layer_types: list(),
  first_k_dense_replace: depth(1, { min: 0 }),
  moe_intermediate_size: size(1024),
  num_experts: size(64),
  num_experts_per_tok: size(8),
  num_shared_experts: size(1, { min: 0 }),
  norm_topk_prob: flag(true),
  routed_scaling_factor: real(2.5),
  n_group: size(1),
  topk_group: size(1),
} as const;

function exaoneBody(c: Values<typeof exaoneKeys>): Decoder {
  const width = c.hidden_size;
  const isSparse = sparseLayers(c.mlp_layer_types, c.first_k_dense_replace);
  const pattern = typeof c.sliding_window_pattern === 'number' ? c.sliding_window_pattern : 4;
  const slides = slidingLayers(c, (layer) => (layer + 1) % pattern !== 0);
  return rotaryDecoder(c, {
    mask: (layer) => causalMask(slides[layer] ? c.sliding_window : undefined),
    rotates: (layer) => c.sliding_window === null || slides[layer]!,
    extras: normedHeads(c, 'head'),
    feedForward: (layer) =>
      isSparse(layer)
        ? sigmoidGroupExperts(
            {
              count: c.num_experts,
              active: c.num_experts_per_tok,
              width,
              intermediate: c.moe_intermediate_size,
              activation: c.hidden_act,
            },
            {
              groups: c.n_group,
              activeGroups: c.topk_group,
              normalise: c.norm_topk_prob,
              scale: c.routed_scaling_factor,
            },
            gatedMlp(width, c.moe_intermediate_size * c.num_shared_experts, c.hidden_act),
          )
        : gatedMlp(width, c.intermediate_size, c.hidden_act),
  });
}

export const exaoneMoe = family({
  modelType: 'exaone_moe',
  keys: exaoneKeys,
  base: 'ExaoneMoeModel',
  initializerRange: (c) => c.initializer_range,
  check: checkLayerTypes,
  architectures: decoderArchitectures('ExaoneMoe', exaoneBody, undefined, { without: GENERATION_ONLY }),
});

const hunyuanKeys = {
  ...decoderKeys({
    vocabulary: 290943,
    width: 4096,
    intermediate: 11008,
    layers: 32,
    heads: 32,
    positions: 2048,
  }),
  ...keyValueHeads,
  head_dim: optionalSize(),
  rms_norm_eps: real(1e-5),
  attention_bias: flag(false),
  num_experts: size(1, { aliases: ['num_local_experts'] }),
  /** One number, or one for each layer. */
  moe_topk: any({ aliases: ['num_experts_per_tok'] }),
} as const;

function hunyuanBody(c: Values<typeof hunyuanKeys>): Decoder {
  const active = (layer: number): number => {
    const found: unknown = Array.isArray(c.moe_topk) ? c.moe_topk[layer] : c.moe_topk;
    return typeof found === 'number' ? found : 1;
  };
  return rotaryDecoder(c, {
    attentionBias: c.attention_bias,
    extras: normedHeads(c, 'head', true),
    extraNames: { queryNorm: 'query_layernorm', keyNorm: 'key_layernorm' },
    feedForward: (layer) =>
      experts(
        {
          count: c.num_experts,
          active: active(layer),
          width: c.hidden_size,
          intermediate: c.intermediate_size,
          activation: c.hidden_act,
        },
        { type: 'softmaxTopK', normalise: true },
        {
          router: 'gate.wg',
          shared: { shared_mlp: gatedMlp(c.hidden_size, c.intermediate_size, c.hidden_act) },
        },
      ),
  });
}

export const hunyuanMoe = family({
  modelType: 'hunyuan_v1_moe',
  keys: hunyuanKeys,
  base: 'HunYuanMoEV1Model',
  initializerRange: (c) => c.initializer_range,
  architectures: decoderArchitectures('HunYuanMoEV1', hunyuanBody, undefined, {
    without: ['TokenClassification'],
  }),
});
