/** MiniMax-M2 (2025) and Hunyuan 3 (Tencent): sigmoid scores and a bias that chooses, beside the router. */
import { flag, list, nullableSize, optionalSize, real, size, type Values } from '../../config/keys';
import { buffer } from '../../model/build';
import type { Experts, Mlp } from '../../model/module';
import {
  decoderArchitectures,
  decoderKeys,
  gatedMlp,
  GENERATION_ONLY,
  rotaryDecoder,
  type Decoder,
} from '../blocks/decoder';
import { experts, type ExpertsShape } from '../blocks/experts';
import { family } from '../family';
import { normedHeads, sparseLayers } from './parts';

const keys = {
  ...decoderKeys({
    vocabulary: 200064,
    width: 3072,
    intermediate: 1536,
    layers: 62,
    heads: 48,
    positions: 196608,
  }),
  num_key_value_heads: size(8, { role: 'keyValueHeads' }),
  head_dim: nullableSize(128),
  rms_norm_eps: real(1e-6),
  num_local_experts: size(256, { aliases: ['num_experts'] }),
  num_experts_per_tok: size(8),
  rotary_dim: optionalSize(),
} as const;

/** Scores and bias as DeepSeek-V3's, without groups; the bias stands in the mixture itself. */
function biasedExperts(shape: ExpertsShape, scale: number, shared?: Mlp): Experts {
  const correction = buffer(shape.count);
  return experts(
    shape,
    { type: 'sigmoidGroups', correction, groups: 1, activeGroups: 1, normalise: true, scale },
    {
      own: { e_score_correction_bias: correction },
      ...(shared === undefined ? {} : { shared: { shared_experts: shared } }),
    },
  );
}

function body(config: Values<typeof keys>): Decoder {
  const { rotary_dim: rotated, head_dim: headDim } = config;
  // Released configs say how much of a head rotates in numbers of dimensions.
  const partial = rotated === undefined || headDim === null ? undefined : rotated / headDim;
  const c = { ...config, partial_rotary_factor: config.partial_rotary_factor ?? partial };
  return rotaryDecoder(c, {
    defaultTheta: 5e6,
    partialRotary: 1,
    extras: normedHeads(c, 'all'),
    feedForward: () =>
      biasedExperts(
        {
          count: c.num_local_experts,
          active: c.num_experts_per_tok,
          width: c.hidden_size,
          intermediate: c.intermediate_size,
          activation: c.hidden_act,
        },
        1,
      ),
  });
}

export const minimaxM2 = family({
  modelType: 'minimax_m2',
  keys,
  base: 'MiniMaxM2Model',
  initializerRange: (c) => c.initializer_range,
  architectures: decoderArchitectures('MiniMaxM2', body, undefined, { without: GENERATION_ONLY }),
});

const hunyuanKeys = {
  ...decoderKeys({
    vocabulary: 120832,
    width: 4096,
    intermediate: 13312,
    layers: 80,
    heads: 64,
    positions: 131072,
    initializerRange: 0.006,
  }),
  num_key_value_heads: size(8, { role: 'keyValueHeads' }),
  head_dim: nullableSize(128),
  rms_norm_eps: real(1e-5),
  attention_bias: flag(false),
  mlp_bias: flag(false),
  num_experts: size(192, { aliases: ['num_local_experts'] }),
  num_experts_per_tok: size(8),
  num_shared_experts: size(1),
  moe_intermediate_size: size(1536),
  router_scaling_factor: real(2.826),
  mlp_layer_types: list(),
} as const;

function hunyuanBody(c: Values<typeof hunyuanKeys>): Decoder {
  const isSparse = sparseLayers(c.mlp_layer_types, 1);
  const dense = (intermediate: number) => gatedMlp(c.hidden_size, intermediate, c.hidden_act, c.mlp_bias);
  return rotaryDecoder(c, {
    defaultTheta: 11158840,
    attentionBias: c.attention_bias,
    extras: normedHeads(c, 'head'),
    feedForward: (layer) =>
      isSparse(layer)
        ? biasedExperts(
            {
              count: c.num_experts,
              active: c.num_experts_per_tok,
              width: c.hidden_size,
              intermediate: c.moe_intermediate_size,
              activation: c.hidden_act,
            },
            c.router_scaling_factor,
            dense(c.moe_intermediate_size * c.num_shared_experts),
          )
        : dense(c.intermediate_size),
  });
}

export const hunyuan3 = family({
  modelType: 'hy_v3',
  keys: hunyuanKeys,
  base: 'HYV3Model',
  initializerRange: (c) => c.initializer_range,
  architectures: decoderArchitectures('HYV3', hunyuanBody, undefined, { without: GENERATION_ONLY }),
});
