/** ERNIE 4.5 MoE (Baidu 2025): softmax scores whose bias chooses, dense layers around those with experts. */
import { flag, nullableSize, optionalSize, real, size, type Values } from '../../config/keys';
import { parameter } from '../../model/build';
import {
  decoderArchitectures,
  decoderKeys,
  gatedMlp,
  GENERATION_ONLY,
  rotaryDecoder,
  type Decoder,
} from '../blocks/decoder';
import { experts } from '../blocks/experts';
import { family } from '../family';

const keys = {
  ...decoderKeys({
    vocabulary: 103424,
    width: 2560,
    intermediate: 12288,
    layers: 28,
    heads: 20,
    positions: 131072,
    tied: true,
  }),
  num_key_value_heads: nullableSize(4, { role: 'keyValueHeads' }),
  head_dim: optionalSize(),
  rms_norm_eps: real(1e-5),
  use_bias: flag(false),
  moe_intermediate_size: size(1536),
  moe_k: size(6, { aliases: ['num_experts_per_tok'] }),
  moe_num_experts: size(64, { aliases: ['num_experts'] }),
  moe_num_shared_experts: size(2, { min: 0 }),
  moe_layer_start_index: size(1, { min: 0 }),
  moe_layer_end_index: size(-1, { min: -1 }),
  moe_layer_interval: size(1),
  moe_norm_min: real(1e-12),
} as const;

function body(c: Values<typeof keys>): Decoder {
  const last = c.moe_layer_end_index === -1 ? c.num_hidden_layers - 1 : c.moe_layer_end_index;
  const dense = (intermediate: number) => gatedMlp(c.hidden_size, intermediate, c.hidden_act, c.use_bias);
  const shared = c.moe_intermediate_size * c.moe_num_shared_experts;
  const mixture = () => {
    // Not trained, but a parameter to the class.
    const correction = parameter(1, c.moe_num_experts);
    return experts(
      {
        count: c.moe_num_experts,
        active: c.moe_k,
        width: c.hidden_size,
        intermediate: c.moe_intermediate_size,
        activation: c.hidden_act,
      },
      {
        type: 'softmaxGroups',
        correction,
        groups: 1,
        activeGroups: 1,
        normalise: true,
        least: c.moe_norm_min,
        scale: 1,
      },
      {
        routerParameters: { 'moe_statics.e_score_correction_bias': correction },
        ...(shared === 0 ? {} : { shared: { shared_experts: dense(shared) } }),
      },
    );
  };
  return rotaryDecoder(c, {
    defaultTheta: 500000,
    pairs: 'interleaved',
    attentionBias: c.use_bias,
    feedForward: (layer) =>
      (layer + 1) % c.moe_layer_interval === 0 && layer >= c.moe_layer_start_index && layer <= last
        ? mixture()
        : dense(c.intermediate_size),
  });
}

export const ernieMoe = family({
  modelType: 'ernie4_5_moe',
  keys,
  base: 'Ernie4_5_MoeModel',
  initializerRange: (c) => c.initializer_range,
  architectures: decoderArchitectures('Ernie4_5_Moe', body, undefined, {
    bias: (c) => c.use_bias,
    without: GENERATION_ONLY,
  }),
});
