/** Llama (Touvron et al. 2023; Llama 3: Dubey et al. 2024): pre-norm decoder, RMSNorm, rotary positions, SwiGLU, GQA. */
import { activation, tie } from '../config/common';
import { depth, flag, optionalSize, real, size, type Values } from '../config/keys';
import { decoderArchitectures, gatedMlp, rotaryDecoder, type Decoder } from './blocks/decoder';
import { rotaryKeys } from './blocks/rotary';
import { family } from './family';

const keys = {
  vocab_size: size(32000),
  hidden_size: size(4096, { role: 'width' }),
  intermediate_size: size(11008),
  num_hidden_layers: depth(32),
  num_attention_heads: size(32),
  num_key_value_heads: optionalSize({ role: 'keyValueHeads' }),
  head_dim: optionalSize(),
  hidden_act: activation('silu'),
  max_position_embeddings: size(2048),
  rms_norm_eps: real(1e-6),
  initializer_range: real(0.02),
  attention_bias: flag(false),
  mlp_bias: flag(false),
  tie_word_embeddings: tie(false),
  ...rotaryKeys,
} as const;

const body = (c: Values<typeof keys>): Decoder =>
  rotaryDecoder(c, {
    keyValueHeads: c.num_key_value_heads ?? c.num_attention_heads,
    mask: { type: 'causal' },
    defaultTheta: 10000,
    attentionBias: c.attention_bias,
    feedForward: () => gatedMlp(c.hidden_size, c.intermediate_size, c.hidden_act, c.mlp_bias),
  });

export const llama = family({
  modelType: 'llama',
  keys,
  base: 'LlamaModel',
  initializerRange: (c) => c.initializer_range,
  check(c, checks) {
    // With a head_dim of its own any width is legal, whatever the class's own check says: 1792 with 24 heads of 128 exists.
    if (c.head_dim !== undefined) return;
    checks.multiple('hidden_size', c.hidden_size, 'num_attention_heads', c.num_attention_heads);
  },
  architectures: decoderArchitectures('Llama', body, 'transformer'),
});
