/** The first Qwen (Bai et al. 2023): Llama with one biased matrix for q, k, v, and a feed-forward of half the size it says. */
import { tie } from '../../config/common';
import { depth, flag, real, size, type Values } from '../../config/keys';
import { block } from '../../model/build';
import type { Block, Rotary } from '../../model/module';
import { fusedAttention } from '../blocks/attention';
import type { Decoder } from '../blocks/decoder';
import { linear, mlp, rmsNorm } from '../blocks/layers';
import { sequential } from '../blocks/residual';
import { rotary } from '../blocks/rotary';
import { family } from '../family';
import { rotatedDecoder } from '../gpt/body';
import { gptArchitectures } from '../gpt/heads';

/** The first files have GPT-2's names. */
const keys = {
  vocab_size: size(151936, { aliases: ['padded_vocab_size'] }),
  hidden_size: size(4096, { aliases: ['n_embd'], role: 'width' }),
  num_hidden_layers: depth(32, { aliases: ['n_layer'] }),
  num_attention_heads: size(32, { aliases: ['n_head'] }),
  layer_norm_epsilon: real(1e-6),
  initializer_range: real(0.02),
  max_position_embeddings: size(8192, { aliases: ['n_positions'] }),
  kv_channels: size(128),
  rotary_pct: real(1),
  rotary_emb_base: real(10000),
  intermediate_size: size(22016, { aliases: ['ffn_hidden_size'] }),
  no_bias: flag(true),
  tie_word_embeddings: tie(false),
} as const;

type Config = Values<typeof keys>;

function layer(c: Config, angles: Rotary): Block {
  const width = c.hidden_size;
  const bias = !c.no_bias;
  const inner = c.kv_channels * c.num_attention_heads;
  // Gate and up have half of it each.
  const half = Math.floor(c.intermediate_size / 2);
  const parts = {
    ln_1: rmsNorm(width, c.layer_norm_epsilon),
    attn: fusedAttention(
      {
        heads: c.num_attention_heads,
        headDim: c.kv_channels,
        mask: { type: 'causal' },
        position: { type: 'rotary', rotary: angles },
      },
      { qkv: linear(width, 3 * inner), output: linear(inner, width, { bias }) },
      { qkv: 'c_attn', output: 'c_proj' },
    ),
    ln_2: rmsNorm(width, c.layer_norm_epsilon),
    mlp: mlp(
      'silu',
      {
        gate: linear(width, half, { bias }),
        up: linear(width, half, { bias }),
        down: linear(half, width, { bias }),
      },
      { gate: 'w2', up: 'w1', down: 'c_proj' },
    ),
  };
  return block('layer', parts, (trace, x) =>
    sequential(trace, x, [parts.ln_1, parts.attn], [parts.ln_2, parts.mlp]),
  );
}

function body(c: Config): Decoder {
  const angles = rotary(
    { rope_parameters: undefined, rope_theta: c.rotary_emb_base, partial_rotary_factor: c.rotary_pct },
    { dim: c.kv_channels, defaultTheta: 10000, positions: c.max_position_embeddings, partial: 1 },
  );
  return rotatedDecoder(
    {
      vocabulary: c.vocab_size,
      width: c.hidden_size,
      layers: Array.from({ length: c.num_hidden_layers }, () => layer(c, angles)),
      norm: rmsNorm(c.hidden_size, c.layer_norm_epsilon),
      rotary: angles,
    },
    { tokens: 'wte', layers: 'h', norm: 'ln_f' },
  );
}

export const qwen = family({
  modelType: 'qwen',
  keys,
  base: 'QWenModel',
  initializerRange: (c) => c.initializer_range,
  architectures: gptArchitectures('QWen', {
    name: 'transformer',
    body,
    limit: (c) => c.max_position_embeddings,
    heads: [],
    languageModel: 'LMHeadModel',
  }),
});
