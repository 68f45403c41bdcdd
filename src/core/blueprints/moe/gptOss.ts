/** gpt-oss (OpenAI 2025): windows in every other layer, attention sinks, experts with biases and clamped gates. */
import { flag, nullableSize, real, size, type Values } from '../../config/keys';
import { parameter } from '../../model/build';
import { decoderArchitectures, decoderKeys, rotaryDecoder, type Decoder } from '../blocks/decoder';
import { experts } from '../blocks/experts';
import { causalMask, checkLayerTypes, patternKeys, slidingLayers } from '../blocks/pattern';
import { family } from '../family';

const keys = {
  ...decoderKeys({
    vocabulary: 201088,
    width: 2880,
    intermediate: 2880,
    layers: 36,
    heads: 64,
    positions: 131072,
  }),
  ...patternKeys,
  num_key_value_heads: nullableSize(8, { role: 'keyValueHeads' }),
  head_dim: nullableSize(64),
  sliding_window: nullableSize(128),
  num_local_experts: size(128, { aliases: ['num_experts'] }),
  num_experts_per_tok: size(4),
  rms_norm_eps: real(1e-5),
  attention_bias: flag(true),
} as const;

/** Of a config that gives none. */
const ROTARY = {
  rope_type: 'yarn',
  factor: 32,
  beta_fast: 32,
  beta_slow: 1,
  truncate: false,
  original_max_position_embeddings: 4096,
} as const;

function body(config: Values<typeof keys>): Decoder {
  const c = { ...config, rope_parameters: config.rope_parameters ?? ROTARY };
  const slides = slidingLayers(c, (layer) => (layer + 1) % 2 === 1);
  return rotaryDecoder(c, {
    mask: (layer) => causalMask(slides[layer] ? c.sliding_window : undefined),
    defaultTheta: 150000,
    attentionBias: c.attention_bias,
    extras: () => ({ sinks: parameter(c.num_attention_heads) }),
    // Its experts have a gate of their own, whatever hidden_act says.
    feedForward: () =>
      experts(
        {
          count: c.num_local_experts,
          active: c.num_experts_per_tok,
          width: c.hidden_size,
          intermediate: c.intermediate_size,
          activation: 'silu',
        },
        { type: 'topKSoftmax' },
        { router: 'router', routerBias: true, transposed: true, clamp: { limit: 7, slope: 1.702 } },
      ),
  });
}

export const gptOss = family({
  modelType: 'gpt_oss',
  keys,
  base: 'GptOssModel',
  initializerRange: (c) => c.initializer_range,
  starts: () => [[/experts\..*_bias$/, { value: 0 }]],
  check: checkLayerTypes,
  architectures: decoderArchitectures('GptOss', body),
});
