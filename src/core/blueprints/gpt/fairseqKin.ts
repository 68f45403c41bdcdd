/** Decoders in fairseq's layout: BioGPT (Luo et al. 2022) with learned positions, XGLM (Lin et al. 2021) with sines. */
import { activation, tie } from '../../config/common';
import { depth, flag, real, size, type Values } from '../../config/keys';
import { block, listed, type Chain } from '../../model/build';
import type { Module } from '../../model/module';
import type { Decoder } from '../blocks/decoder';
import { embedding, layerNorm } from '../blocks/layers';
import { transformerLayer, type CrossAttention, type StackShape } from '../blocks/transformer';
import { family } from '../family';
import { gptArchitectures, SEQUENCE, TOKEN } from './heads';

/** Ids of positions start here. */
const OFFSET = 2;

/** Scaled tokens + positions → layers → norm. */
function body(own: {
  readonly vocabulary: number;
  readonly layers: number;
  readonly shape: Omit<StackShape, 'norm' | 'mask'>;
  readonly scaled: boolean;
  /** Rows of a learned table; sines where there is none. */
  readonly positions?: number;
  readonly cross: CrossAttention;
}): Decoder {
  const { width } = own.shape;
  const tokens = embedding('tokens', own.vocabulary, width);
  const layers = Array.from({ length: own.layers }, () =>
    transformerLayer({ ...own.shape, norm: 'pre', mask: { type: 'causal' } }, 'self', own.cross),
  );
  const norm = layerNorm(width, 1e-5);
  const children: Record<string, Module> = { embed_tokens: tokens };
  let placing: Chain = [{ op: 'sinusoids', width, first: OFFSET }];
  if (own.positions !== undefined) {
    const table = embedding('positions', own.positions + OFFSET, width, { offset: OFFSET });
    children['embed_positions'] = table;
    placing = [{ op: 'positions' }, table];
  }
  Object.assign(children, listed('layers', layers), { layer_norm: norm });
  const scale: Chain = own.scaled ? [{ op: 'scale', by: Math.sqrt(width) }] : [];
  const stack = block('stack', children, (trace, ids) => {
    const looked = trace.chain(ids, tokens, ...scale);
    return trace.chain(trace.add(looked, trace.chain(ids, ...placing)), ...layers, norm);
  });
  return { block: stack, embedding: tokens, width };
}

const biogptKeys = {
  vocab_size: size(42384),
  hidden_size: size(1024, { role: 'width' }),
  num_hidden_layers: depth(24),
  num_attention_heads: size(16),
  intermediate_size: size(4096),
  hidden_act: activation('gelu'),
  max_position_embeddings: size(1024),
  initializer_range: real(0.02),
  scale_embedding: flag(true),
  tie_word_embeddings: tie(true),
} as const;

export const biogpt = family({
  modelType: 'biogpt',
  keys: biogptKeys,
  base: 'BioGptModel',
  initializerRange: (c) => c.initializer_range,
  check: (c, checks) =>
    checks.multiple('hidden_size', c.hidden_size, 'num_attention_heads', c.num_attention_heads),
  architectures: gptArchitectures('BioGpt', {
    name: 'biogpt',
    body: (c: Values<typeof biogptKeys>) =>
      body({
        vocabulary: c.vocab_size,
        layers: c.num_hidden_layers,
        shape: {
          width: c.hidden_size,
          heads: c.num_attention_heads,
          intermediate: c.intermediate_size,
          activation: c.hidden_act,
        },
        scaled: c.scale_embedding,
        positions: c.max_position_embeddings,
        cross: 'none',
      }),
    limit: (c) => c.max_position_embeddings,
    heads: [SEQUENCE, TOKEN],
    languageHead: 'output_projection',
  }),
});

const xglmKeys = {
  vocab_size: size(256008),
  max_position_embeddings: size(2048),
  d_model: size(1024, { aliases: ['hidden_size'], role: 'width' }),
  ffn_dim: size(4096),
  num_layers: depth(24, { aliases: ['num_hidden_layers'] }),
  attention_heads: size(16, { aliases: ['num_attention_heads'] }),
  activation_function: activation('gelu'),
  init_std: real(0.02),
  scale_embedding: flag(true),
  add_cross_attention: flag(false),
  tie_word_embeddings: tie(true),
} as const;

export const xglm = family({
  modelType: 'xglm',
  keys: xglmKeys,
  base: 'XGLMModel',
  initializerRange: (c) => c.init_std,
  check: (c, checks) => checks.multiple('d_model', c.d_model, 'attention_heads', c.attention_heads),
  architectures: gptArchitectures('XGLM', {
    name: 'model',
    // Sines are made for any length: `max_position_embeddings` is where they are kept from the start.
    body: (c: Values<typeof xglmKeys>) =>
      body({
        vocabulary: c.vocab_size,
        layers: c.num_layers,
        shape: {
          width: c.d_model,
          heads: c.attention_heads,
          intermediate: c.ffn_dim,
          activation: c.activation_function,
        },
        scaled: c.scale_embedding,
        cross: c.add_cross_attention ? 'idle' : 'none',
      }),
    heads: [],
  }),
});
