/** BLOOM (BigScience 2022): ALiBi in the place of position tables, a norm after the embedding. */
import { tie } from '../../config/common';
import { depth, flag, real, size, type Values } from '../../config/keys';
import { block } from '../../model/build';
import type { Block } from '../../model/module';
import { alibi } from '../blocks/alibi';
import { fusedAttention } from '../blocks/attention';
import type { Decoder } from '../blocks/decoder';
import { layerNorm, linear, mlp } from '../blocks/layers';
import { sequential } from '../blocks/residual';
import { family } from '../family';
import { rotatedDecoder } from './body';
import { gptArchitectures, QUESTION, SEQUENCE, TOKEN } from './heads';

const keys = {
  vocab_size: size(250880),
  hidden_size: size(64, { aliases: ['n_embed'], role: 'width' }),
  n_layer: depth(2, { aliases: ['num_hidden_layers'] }),
  n_head: size(8, { aliases: ['num_attention_heads'] }),
  layer_norm_epsilon: real(1e-5),
  initializer_range: real(0.02),
  apply_residual_connection_post_layernorm: flag(false),
  tie_word_embeddings: tie(true),
} as const;

type Config = Values<typeof keys>;

function layer(c: Config): Block {
  const width = c.hidden_size;
  const norm = () => layerNorm(width, c.layer_norm_epsilon);
  const parts = {
    input_layernorm: norm(),
    self_attention: fusedAttention(
      {
        heads: c.n_head,
        headDim: Math.floor(width / c.n_head),
        mask: { type: 'causal' },
        position: alibi(c.n_head),
      },
      { qkv: linear(width, 3 * width), output: linear(width, width) },
      { qkv: 'query_key_value', output: 'dense' },
      { slices: c.n_head, order: 'queryKeyValue' },
    ),
    post_attention_layernorm: norm(),
    mlp: mlp(
      'gelu_pytorch_tanh',
      { up: linear(width, 4 * width), down: linear(4 * width, width) },
      { up: 'dense_h_to_4h', down: 'dense_4h_to_h' },
    ),
  };
  return block('layer', parts, (trace, x) => {
    const { input_layernorm, self_attention, post_attention_layernorm } = parts;
    if (!c.apply_residual_connection_post_layernorm) {
      return sequential(trace, x, [input_layernorm, self_attention], [post_attention_layernorm, parts.mlp]);
    }
    const normed = trace.run(input_layernorm, x);
    const attended = trace.add(normed, trace.run(self_attention, normed));
    const normedAgain = trace.run(post_attention_layernorm, attended);
    return trace.add(normedAgain, trace.run(parts.mlp, normedAgain));
  });
}

const body = (c: Config): Decoder =>
  rotatedDecoder(
    {
      vocabulary: c.vocab_size,
      width: c.hidden_size,
      embeddingNorm: layerNorm(c.hidden_size, c.layer_norm_epsilon),
      layers: Array.from({ length: c.n_layer }, () => layer(c)),
      norm: layerNorm(c.hidden_size, c.layer_norm_epsilon),
    },
    { tokens: 'word_embeddings', embeddingNorm: 'word_embeddings_layernorm', layers: 'h', norm: 'ln_f' },
  );

export const bloom = family({
  modelType: 'bloom',
  keys,
  base: 'BloomModel',
  initializerRange: (c) => c.initializer_range,
  check: (c, checks) => checks.multiple('hidden_size', c.hidden_size, 'n_head', c.n_head),
  architectures: gptArchitectures('Bloom', {
    name: 'transformer',
    body,
    heads: [SEQUENCE, TOKEN, QUESTION],
  }),
});
