/** Llama 4 (Meta 2025): attention in chunks, layers without positions, every expert on every token's scaled input. */
import { flag, list, nullableSize, real, size, type Values } from '../../config/keys';
import type { MaskPattern, Norm } from '../../model/module';
import { NO_CHILDREN } from '../../model/module';
import {
  decoderArchitectures,
  decoderKeys,
  gatedMlp,
  GENERATION_ONLY,
  residualLayer,
  rotaryDecoder,
  type Decoder,
} from '../blocks/decoder';
import { experts } from '../blocks/experts';
import { checkLayerTypes, patternKeys } from '../blocks/pattern';
import { family } from '../family';

const keys = {
  ...decoderKeys({
    vocabulary: 202048,
    width: 5120,
    intermediate: 8192,
    layers: 48,
    heads: 40,
    positions: 131072,
  }),
  ...patternKeys,
  num_key_value_heads: nullableSize(8, { role: 'keyValueHeads' }),
  head_dim: nullableSize(128),
  rms_norm_eps: real(1e-5),
  attention_bias: flag(false),
  intermediate_size_mlp: size(16384),
  num_local_experts: size(16),
  num_experts_per_tok: size(1),
  moe_layers: list(),
  interleave_moe_layer_step: size(1),
  use_qk_norm: flag(true),
  no_rope_layers: list(),
  no_rope_layer_interval: size(4),
  attention_chunk_size: nullableSize(8192),
  attn_temperature_tuning: flag(true),
  floor_scale: size(8192),
  attn_scale: real(0.1),
} as const;

/** x over the root of its mean square, without a weight. */
function plainNorm(width: number, epsilon: number): Norm {
  return { kind: 'norm', type: 'rms', width, epsilon, parameters: {}, children: NO_CHILDREN };
}

function body(c: Values<typeof keys>): Decoder {
  // Despite their name, the layers that have a number other than zero are those that rotate.
  const rotating = c.no_rope_layers?.length ? c.no_rope_layers : undefined;
  const rotates = (layer: number) =>
    rotating === undefined ? (layer + 1) % c.no_rope_layer_interval !== 0 : Boolean(rotating[layer]);
  const isSparse = (layer: number) =>
    c.moe_layers?.includes(layer) ?? (layer + 1) % c.interleave_moe_layer_step === 0;
  const chunk = c.attention_chunk_size;
  const mask = (layer: number): MaskPattern => {
    const chunks =
      c.layer_types === undefined ? rotates(layer) : c.layer_types[layer] === 'chunked_attention';
    return chunks && chunk !== null ? { type: 'chunked', chunk } : { type: 'causal' };
  };
  const mixture = () =>
    experts(
      {
        count: c.num_local_experts,
        active: c.num_experts_per_tok,
        width: c.hidden_size,
        intermediate: c.intermediate_size,
        activation: c.hidden_act,
      },
      { type: 'topKSigmoidInput' },
      {
        router: 'router',
        transposed: true,
        products: 'dense',
        shared: { shared_expert: gatedMlp(c.hidden_size, c.intermediate_size, c.hidden_act) },
      },
    );
  return rotaryDecoder(c, {
    defaultTheta: 500000,
    pairs: 'interleaved',
    mask,
    rotates,
    attentionBias: c.attention_bias,
    extras: (headDim, layer) => ({
      ...(c.use_qk_norm && rotates(layer)
        ? {
            queryKeyNorm: {
              query: [plainNorm(headDim, c.rms_norm_eps)],
              key: [plainNorm(headDim, c.rms_norm_eps)],
              over: 'head',
              rotated: true,
            },
          }
        : {}),
      ...(c.attn_temperature_tuning && !rotates(layer)
        ? { queryGrowth: { beta: c.attn_scale, span: c.floor_scale, first: 1 } }
        : {}),
    }),
    layer: residualLayer(
      { beforeAttention: 'input_layernorm', beforeFeedForward: 'post_attention_layernorm' },
      undefined,
      'feed_forward',
    ),
    feedForward: (layer) =>
      isSparse(layer) ? mixture() : gatedMlp(c.hidden_size, c.intermediate_size_mlp, c.hidden_act),
  });
}

export const llama4 = family({
  modelType: 'llama4_text',
  keys,
  base: 'Llama4TextModel',
  initializerRange: (c) => c.initializer_range,
  check: checkLayerTypes,
  architectures: decoderArchitectures('Llama4Text', body, undefined, {
    without: GENERATION_ONLY,
    languageModel: 'Llama4ForCausalLM',
  }),
});
