/** Mixtral (Jiang et al. 2024): Llama's decoder with a mixture of experts in the place of the feed-forward. */
import { activation, tie } from '../../config/common';
import { depth, optionalSize, real, size, type Values } from '../../config/keys';
import { decoderArchitectures, rotaryDecoder, type Decoder } from '../blocks/decoder';
import { softmaxExperts } from '../blocks/experts';
import { rotaryKeys } from '../blocks/rotary';
import { family } from '../family';

const keys = {
  vocab_size: size(32000),
  hidden_size: size(4096, { role: 'width' }),
  intermediate_size: size(14336),
  num_hidden_layers: depth(32),
  num_attention_heads: size(32),
  num_key_value_heads: size(8, { role: 'keyValueHeads' }),
  head_dim: optionalSize(),
  num_local_experts: size(8, { aliases: ['num_experts'] }),
  num_experts_per_tok: size(2),
  hidden_act: activation('silu'),
  max_position_embeddings: size(131072),
  sliding_window: optionalSize(),
  rms_norm_eps: real(1e-5),
  initializer_range: real(0.02),
  tie_word_embeddings: tie(false),
  ...rotaryKeys,
} as const;

function body(c: Values<typeof keys>): Decoder {
  const window = c.sliding_window;
  const experts = {
    count: c.num_local_experts,
    active: c.num_experts_per_tok,
    width: c.hidden_size,
    intermediate: c.intermediate_size,
    activation: c.hidden_act,
  };
  return rotaryDecoder(c, {
    keyValueHeads: c.num_key_value_heads,
    mask: window === undefined ? { type: 'causal' } : { type: 'slidingWindow', window },
    defaultTheta: 1e6,
    attentionBias: false,
    feedForward: () => softmaxExperts(experts, true),
  });
}

export const mixtral = family({
  modelType: 'mixtral',
  keys,
  base: 'MixtralModel',
  initializerRange: (c) => c.initializer_range,
  architectures: decoderArchitectures('Mixtral', body, 'model'),
});
