/** CTRL (Keskar et al. 2019): pre-norm decoder with sines for positions, after control codes. */
import { labels, tie } from '../../config/common';
import { depth, real, size, type Values } from '../../config/keys';
import { block, listed } from '../../model/build';
import type { Block } from '../../model/module';
import { separateAttention } from '../blocks/attention';
import type { Decoder } from '../blocks/decoder';
import { embedding, layerNorm, linear, mlp } from '../blocks/layers';
import { sequential } from '../blocks/residual';
import { family } from '../family';
import { biasedOutput, gptArchitectures, linearHead } from './heads';

const keys = {
  vocab_size: size(246534),
  n_positions: size(256, { aliases: ['max_position_embeddings'] }),
  n_embd: size(1280, { aliases: ['hidden_size'], role: 'width' }),
  dff: size(8192),
  n_layer: depth(48, { aliases: ['num_hidden_layers'] }),
  n_head: size(16, { aliases: ['num_attention_heads'] }),
  layer_norm_epsilon: real(1e-6),
  initializer_range: real(0.02),
  tie_word_embeddings: tie(true),
} as const;

type Config = Values<typeof keys>;

function layer(c: Config): Block {
  const width = c.n_embd;
  const square = () => linear(width, width);
  const parts = {
    multi_head_attention: separateAttention(
      { heads: c.n_head, headDim: Math.floor(width / c.n_head), mask: { type: 'causal' } },
      { query: square(), key: square(), value: square(), output: square() },
      { query: 'Wq', key: 'Wk', value: 'Wv', output: 'dense' },
    ),
    ffn: mlp('relu', { up: linear(width, c.dff), down: linear(c.dff, width) }, { up: '0', down: '2' }),
    // Theirs whatever the config says.
    layernorm1: layerNorm(width, 1e-6),
    layernorm2: layerNorm(width, 1e-6),
  };
  return block('layer', parts, (trace, x) =>
    sequential(trace, x, [parts.layernorm1, parts.multi_head_attention], [parts.layernorm2, parts.ffn]),
  );
}

function body(c: Config): Decoder {
  const width = c.n_embd;
  const w = embedding('tokens', c.vocab_size, width);
  const layers = Array.from({ length: c.n_layer }, () => layer(c));
  const layernorm = layerNorm(width, c.layer_norm_epsilon);
  const stack = block('stack', { w, ...listed('h', layers), layernorm }, (trace, ids) => {
    const looked = trace.chain(ids, w, { op: 'scale', by: Math.sqrt(width) });
    const placed = trace.run({ op: 'sinusoids', width, first: 0, form: 'vaswani' }, ids);
    return trace.chain(trace.add(looked, placed), ...layers, layernorm);
  });
  return { block: stack, embedding: w, width };
}

export const ctrl = family({
  modelType: 'ctrl',
  keys,
  base: 'CTRLModel',
  initializerRange: (c) => c.initializer_range,
  architectures: gptArchitectures('CTRL', {
    name: 'transformer',
    body,
    limit: (c) => c.n_positions,
    heads: [linearHead('ForSequenceClassification', 'classifier', labels, { bias: false })],
    languageModel: 'LMHeadModel',
    output: biasedOutput,
  }),
});
