/** ImageGPT (Chen et al. 2020): GPT-2 over colours, with norms that have no bias and take no mean. */
import { activation, labels, tie } from '../../config/common';
import { depth, flag, optionalSize, real, size } from '../../config/keys';
import { linear, rmsNorm } from '../blocks/layers';
import { family } from '../family';
import { gpt2Body } from './gpt2';
import { gptArchitectures, linearHead } from './heads';

const keys = {
  vocab_size: size(513),
  n_positions: size(1024, { aliases: ['max_position_embeddings'] }),
  n_embd: size(512, { aliases: ['hidden_size'], role: 'width' }),
  n_layer: depth(24, { aliases: ['num_hidden_layers'] }),
  n_head: size(8, { aliases: ['num_attention_heads'] }),
  n_inner: optionalSize(),
  activation_function: activation('quick_gelu'),
  layer_norm_epsilon: real(1e-5),
  initializer_range: real(0.02),
  scale_attn_weights: flag(true),
  scale_attn_by_inverse_layer_idx: flag(false),
  reorder_and_upcast_attn: flag(false),
  add_cross_attention: flag(false),
  tie_word_embeddings: tie(false),
} as const;

export const imageGpt = family({
  modelType: 'imagegpt',
  keys,
  base: 'ImageGPTModel',
  initializerRange: (c) => c.initializer_range,
  check: (c, checks) => checks.multiple('n_embd', c.n_embd, 'n_head', c.n_head),
  architectures: gptArchitectures('ImageGPT', {
    name: 'transformer',
    body: (c: Parameters<typeof gpt2Body>[0]) => gpt2Body(c, rmsNorm),
    limit: (c) => c.n_positions,
    heads: [
      linearHead('ForImageClassification', 'score', labels, { bias: false, before: [{ op: 'meanTokens' }] }),
    ],
    languageModel: 'ForCausalImageModeling',
    // The token that starts an image is never predicted.
    output: ({ embedding: { rows, weight }, width }, c) =>
      linear(width, c.tie_word_embeddings ? rows : rows - 1, {
        bias: false,
        ...(c.tie_word_embeddings ? { weight } : {}),
      }),
  }),
});
