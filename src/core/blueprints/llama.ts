/** Llama (Touvron et al. 2023; Llama 3: Dubey et al. 2024): pre-norm decoder, RMSNorm, rotary positions, SwiGLU, GQA. */
import { activation, tie } from '../config/common';
import { depth, flag, optionalSize, real, size, type Values } from '../config/keys';
import { groupedQueryAttention } from './blocks/attention';
import { decoder, decoderArchitectures, gatedMlp, preNormLayer, type Decoder } from './blocks/decoder';
import { rmsNorm } from './blocks/layers';
import { rotary, rotaryKeys } from './blocks/rotary';
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

function body(c: Values<typeof keys>): Decoder {
  const width = c.hidden_size;
  const headDim = c.head_dim ?? Math.floor(width / c.num_attention_heads);
  const angles = rotary(c, { dim: headDim, defaultTheta: 10000, positions: c.max_position_embeddings });
  const attention = {
    heads: c.num_attention_heads,
    keyValueHeads: c.num_key_value_heads ?? c.num_attention_heads,
    headDim,
    mask: { type: 'causal' },
    position: { type: 'rotary', rotary: angles },
  } as const;
  const layer = () =>
    preNormLayer({
      self_attn: groupedQueryAttention(width, attention, c.attention_bias),
      mlp: gatedMlp(width, c.intermediate_size, c.hidden_act, c.mlp_bias),
      input_layernorm: rmsNorm(width, c.rms_norm_eps),
      post_attention_layernorm: rmsNorm(width, c.rms_norm_eps),
    });
  return decoder({
    vocabulary: c.vocab_size,
    width,
    layers: Array.from({ length: c.num_hidden_layers }, layer),
    norm: rmsNorm(width, c.rms_norm_eps),
    rotary: angles,
  });
}

export const llama = family({
  modelType: 'llama',
  keys,
  base: 'LlamaModel',
  initializerRange: (c) => c.initializer_range,
  architectures: decoderArchitectures('Llama', body, 'transformer'),
});
