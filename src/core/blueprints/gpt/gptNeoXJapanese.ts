/** GPT-NeoX Japanese (ABEJA 2022): branches one after the other, no biases but one, on the last layer's attention. */
import { activation, tie } from '../../config/common';
import { depth, optionalReal, real, size, type Values } from '../../config/keys';
import { block, parameter } from '../../model/build';
import type { Attention, Block, Rotary } from '../../model/module';
import { fusedAttention } from '../blocks/attention';
import type { Decoder } from '../blocks/decoder';
import { layerNorm, linear, mlp } from '../blocks/layers';
import { sequential } from '../blocks/residual';
import { rotary, rotaryKeys } from '../blocks/rotary';
import { family } from '../family';
import { rotatedDecoder } from './body';
import { gptArchitectures } from './heads';

const keys = {
  vocab_size: size(32000),
  hidden_size: size(2560, { role: 'width' }),
  num_hidden_layers: depth(32),
  num_attention_heads: size(32),
  intermediate_multiple_size: size(4),
  hidden_act: activation('gelu'),
  max_position_embeddings: size(2048),
  initializer_range: real(0.02),
  layer_norm_eps: real(1e-5),
  tie_word_embeddings: tie(true),
  rope_parameters: rotaryKeys.rope_parameters,
  rotary_emb_base: optionalReal(),
  rotary_pct: optionalReal(),
} as const;

type Config = Values<typeof keys>;

function attention(c: Config, angles: Rotary, last: boolean): Attention {
  const width = c.hidden_size;
  const bias = parameter(width);
  const plain = linear(width, width, { bias: false });
  const made = fusedAttention(
    {
      heads: c.num_attention_heads,
      headDim: Math.floor(width / c.num_attention_heads),
      mask: { type: 'causal' },
      position: { type: 'rotary', rotary: angles },
    },
    // Its bias stands beside the matrix, in the attention itself.
    { qkv: linear(width, 3 * width, { bias: false }), output: last ? { ...plain, bias } : plain },
    { qkv: 'query_key_value', output: 'dense' },
    { slices: c.num_attention_heads, order: 'queryKeyValue' },
  );
  return last ? { ...made, parameters: { dense_bias: bias } } : made;
}

function layer(c: Config, angles: Rotary, index: number): Block {
  const width = c.hidden_size;
  const inner = width * c.intermediate_multiple_size;
  const parts = {
    input_layernorm: layerNorm(width, c.layer_norm_eps),
    post_attention_layernorm: layerNorm(width, c.layer_norm_eps),
    attention: attention(c, angles, index === c.num_hidden_layers - 1),
    mlp: mlp(
      c.hidden_act,
      { up: linear(width, inner, { bias: false }), down: linear(inner, width, { bias: false }) },
      { up: 'dense_h_to_4h', down: 'dense_4h_to_h' },
    ),
  };
  return block('layer', parts, (trace, x) =>
    sequential(
      trace,
      x,
      [parts.input_layernorm, parts.attention],
      [parts.post_attention_layernorm, parts.mlp],
    ),
  );
}

function body(c: Config): Decoder {
  const angles = rotary(
    {
      rope_parameters: c.rope_parameters,
      rope_theta: c.rotary_emb_base,
      partial_rotary_factor: c.rotary_pct,
    },
    {
      dim: Math.floor(c.hidden_size / c.num_attention_heads),
      defaultTheta: 10000,
      positions: c.max_position_embeddings,
      partial: 1,
    },
  );
  return rotatedDecoder(
    {
      vocabulary: c.vocab_size,
      width: c.hidden_size,
      layers: Array.from({ length: c.num_hidden_layers }, (_, index) => layer(c, angles, index)),
      norm: layerNorm(c.hidden_size, c.layer_norm_eps),
      rotary: angles,
    },
    { tokens: 'embed_in', layers: 'layers', norm: 'final_layer_norm' },
  );
}

export const gptNeoXJapanese = family({
  modelType: 'gpt_neox_japanese',
  keys,
  base: 'GPTNeoXJapaneseModel',
  initializerRange: (c) => c.initializer_range,
  architectures: gptArchitectures('GPTNeoXJapanese', {
    name: 'gpt_neox_japanese',
    body,
    limit: (c) => c.max_position_embeddings,
    heads: [],
    languageHead: 'embed_out',
  }),
});
