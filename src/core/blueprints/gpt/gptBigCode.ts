/** GPT-BigCode (SantaCoder, StarCoder; Li et al. 2023): GPT-2 whose heads share one key and value. */
import { activation, tie } from '../../config/common';
import { depth, flag, optionalSize, real, size, type Values } from '../../config/keys';
import { block } from '../../model/build';
import type { Block, Module } from '../../model/module';
import { fusedAttention } from '../blocks/attention';
import type { Decoder } from '../blocks/decoder';
import { layerNorm, linear, mlp } from '../blocks/layers';
import { sequential } from '../blocks/residual';
import { family } from '../family';
import { positionedDecoder } from './body';
import { gptArchitectures, SEQUENCE, TOKEN } from './heads';

const keys = {
  vocab_size: size(50257),
  n_positions: size(1024, { aliases: ['max_position_embeddings'] }),
  n_embd: size(768, { aliases: ['hidden_size'], role: 'width' }),
  n_layer: depth(12, { aliases: ['num_hidden_layers'] }),
  n_head: size(12, { aliases: ['num_attention_heads'] }),
  n_inner: optionalSize(),
  activation_function: activation('gelu_pytorch_tanh'),
  layer_norm_epsilon: real(1e-5),
  initializer_range: real(0.02),
  scale_attn_weights: flag(true),
  multi_query: flag(true, { role: 'keyValueHeads' }),
  add_cross_attention: flag(false),
  tie_word_embeddings: tie(true),
} as const;

type Config = Values<typeof keys>;

function layer(c: Config): Block {
  const width = c.n_embd;
  const headDim = Math.floor(width / c.n_head);
  const keyValueHeads = c.multi_query ? 1 : c.n_head;
  const norm = () => layerNorm(width, c.layer_norm_epsilon);
  const inner = c.n_inner ?? 4 * width;
  const parts = {
    ln_1: norm(),
    attn: fusedAttention(
      {
        heads: c.n_head,
        keyValueHeads,
        headDim,
        mask: { type: 'causal' },
        scale: c.scale_attn_weights ? headDim ** -0.5 : 1,
      },
      { qkv: linear(width, width + 2 * keyValueHeads * headDim), output: linear(width, width) },
      { qkv: 'c_attn', output: 'c_proj' },
      { slices: keyValueHeads, order: 'queryKeyValue' },
    ),
    ln_2: norm(),
    mlp: mlp(
      c.activation_function,
      { up: linear(width, inner), down: linear(inner, width) },
      { up: 'c_fc', down: 'c_proj' },
    ),
  };
  // Cross attention has parameters, and runs only when an encoder's states are given.
  const cross: Record<string, Module> = c.add_cross_attention
    ? {
        'crossattention.c_attn': linear(width, 2 * width),
        'crossattention.q_attn': linear(width, width),
        'crossattention.c_proj': linear(width, width),
        ln_cross_attn: norm(),
      }
    : {};
  return block('layer', { ...parts, ...cross }, (trace, x) =>
    sequential(trace, x, [parts.ln_1, parts.attn], [parts.ln_2, parts.mlp]),
  );
}

const body = (c: Config): Decoder =>
  positionedDecoder({
    vocabulary: c.vocab_size,
    positions: c.n_positions,
    width: c.n_embd,
    layers: Array.from({ length: c.n_layer }, () => layer(c)),
    norm: layerNorm(c.n_embd, c.layer_norm_epsilon),
  });

export const gptBigCode = family({
  modelType: 'gpt_bigcode',
  keys,
  base: 'GPTBigCodeModel',
  initializerRange: (c) => c.initializer_range,
  starts: (c) => [[/\.c_proj\.weight$/, { deviation: c.initializer_range / Math.sqrt(2 * c.n_layer) }]],
  check(c, checks) {
    checks.multiple('n_embd', c.n_embd, 'n_head', c.n_head);
    if (c.add_cross_attention && c.multi_query) checks.conflict('add_cross_attention', 'multi_query');
  },
  architectures: gptArchitectures('GPTBigCode', {
    name: 'transformer',
    body,
    limit: (c) => c.n_positions,
    heads: [SEQUENCE, TOKEN],
  }),
});
