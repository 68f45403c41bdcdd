/** Phi-3.5-MoE (2024): Mixtral with LayerNorm, biases, and experts that a sparse mixer chooses. */
import { flag, nullableSize, optionalSize, real, size, type Values } from '../../config/keys';
import {
  decoderArchitectures,
  decoderKeys,
  headDimension,
  rotaryDecoder,
  type Decoder,
} from '../blocks/decoder';
import type { Rotary } from '../../model/module';
import { experts } from '../blocks/experts';
import { layerNorm } from '../blocks/layers';
import { causalMask } from '../blocks/pattern';
import { number, rotary } from '../blocks/rotary';
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

/**
 * The class scales cosines and sines by a factor of its own, short or long, and turns by the short factors' frequencies at
 * any length.
 */
function angles(c: Values<typeof keys>): Rotary {
  const scheme = c.rope_parameters ?? {};
  const made = rotary(c, {
    dim: headDimension(c),
    defaultTheta: 1e6,
    positions: c.max_position_embeddings,
  });
  const { scaling } = made;
  if (scaling.type !== 'longrope') return made;
  const short = number(scheme, 'short_mscale');
  const long = number(scheme, 'long_mscale');
  return {
    ...made,
    scaling: {
      ...scaling,
      longFactors: scaling.shortFactors,
      ...(short === undefined ? {} : { attentionFactor: short }),
      ...(long === undefined ? {} : { longAttentionFactor: long }),
    },
  };
}

function body(c: Values<typeof keys>): Decoder {
  const turned = angles(c);
  return rotaryDecoder(c, {
    rotaries: { all: { rotary_emb: turned }, of: () => turned },
    mask: causalMask(c.sliding_window),
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
