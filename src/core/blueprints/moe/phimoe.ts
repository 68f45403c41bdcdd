/** Phi-3.5-MoE (2024): Mixtral with LayerNorm, biases, and experts that a sparse mixer chooses. */
import { flag, nullableSize, optionalSize, real, size, type Values } from '../../config/keys';
import { decoderArchitectures, decoderKeys, rotaryDecoder, type Decoder } from '../blocks/decoder';
import { experts } from '../blocks/experts';
import { layerNorm } from '../blocks/layers';
import { causalMask } from '../blocks/pattern';
import { family } from '../family';

const keys = {
  ...decoderKeys({
    vocabulary: 32064,
    width: 4096,
    intermediate: 6400,
    layers: 32,
    heads: 32,
    positions: 131072,
  }),
  num_key_value_heads: nullableSize(8, { role: 'keyValueHeads' }),
  head_dim: optionalSize(),
  sliding_window: optionalSize(),
  num_local_experts: size(16),
  num_experts_per_tok: size(2),
  router_jitter_noise: real(0.01),
  rms_norm_eps: real(1e-5),
  attention_bias: flag(false),
  lm_head_bias: flag(false),
} as const;

function body(c: Values<typeof keys>): Decoder {
  return rotaryDecoder(c, {
    mask: causalMask(c.sliding_window),
    defaultTheta: 1e6,
    attentionBias: c.attention_bias,
    norm: () => layerNorm(c.hidden_size, c.rms_norm_eps),
    feedForward: () =>
      experts(
        {
          count: c.num_local_experts,
          // The mixer chooses two, whatever num_experts_per_tok says.
          active: 2,
          width: c.hidden_size,
          intermediate: c.intermediate_size,
          activation: c.hidden_act,
        },
        { type: 'sparseMixer', jitter: c.router_jitter_noise },
        { router: 'router' },
      ),
  });
}

export const phimoe = family({
  modelType: 'phimoe',
  keys,
  base: 'PhimoeModel',
  initializerRange: (c) => c.initializer_range,
  architectures: decoderArchitectures('Phimoe', body, undefined, {
    without: ['TokenClassification'],
    bias: (c) => c.lm_head_bias,
  }),
});
