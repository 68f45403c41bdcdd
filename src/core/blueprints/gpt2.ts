/** GPT-2 (Radford et al. 2019): pre-norm decoder with learned positions, fused q, k, v, and weights stored [in, out]. */
import { activation, labels, tie, type Common } from '../config/common';
import { depth, flag, optionalSize, real, size, text, type Values } from '../config/keys';
import { block, listed } from '../model/build';
import type { Block, Linear, Module } from '../model/module';
import { fusedAttention } from './blocks/attention';
import { headed, vocabularyHead, type Decoder } from './blocks/decoder';
import { embedding, layerNorm, linear, mlp } from './blocks/layers';
import { family, tokenInput, type Blueprint } from './family';

const keys = {
  vocab_size: size(50257),
  n_positions: size(1024, { aliases: ['max_position_embeddings'] }),
  n_embd: size(768, { aliases: ['hidden_size'], role: 'width' }),
  n_layer: depth(12, { aliases: ['num_hidden_layers'] }),
  n_head: size(12, { aliases: ['num_attention_heads'] }),
  n_inner: optionalSize(),
  activation_function: activation('gelu_new'),
  layer_norm_epsilon: real(1e-5),
  scale_attn_weights: flag(true),
  scale_attn_by_inverse_layer_idx: flag(false),
  reorder_and_upcast_attn: flag(false),
  add_cross_attention: flag(false),
  summary_type: text('cls_index'),
  summary_use_proj: flag(true),
  summary_proj_to_labels: flag(true),
  initializer_range: real(0.02),
  tie_word_embeddings: tie(true),
} as const;

type Config = Values<typeof keys> & Common;

function conv1d(inputs: number, outputs: number, deviation?: number): Linear {
  return linear(inputs, outputs, {
    layout: 'input-output',
    ...(deviation === undefined ? {} : { deviation }),
  });
}

function layer(c: Config, index: number): Block {
  const width = c.n_embd;
  const headDim = Math.floor(width / c.n_head);
  const norm = () => layerNorm(width, c.layer_norm_epsilon);
  const inner = c.n_inner ?? 4 * width;
  // What is added to the residual stream starts smaller, by the number of additions.
  const intoResidual = c.initializer_range / Math.sqrt(2 * c.n_layer);
  const parts = {
    ln_1: norm(),
    attn: fusedAttention(
      {
        heads: c.n_head,
        headDim,
        mask: { type: 'causal' },
        scale:
          (c.scale_attn_weights ? headDim ** -0.5 : 1) / (c.scale_attn_by_inverse_layer_idx ? index + 1 : 1),
      },
      { qkv: conv1d(width, 3 * width), output: conv1d(width, width, intoResidual) },
      { qkv: 'c_attn', output: 'c_proj' },
    ),
    ln_2: norm(),
    mlp: mlp(
      c.activation_function,
      { up: conv1d(width, inner), down: conv1d(inner, width, intoResidual) },
      { up: 'c_fc', down: 'c_proj' },
    ),
  };
  // Cross attention has parameters, and runs only when an encoder's states are given.
  const cross: Record<string, Module> = c.add_cross_attention
    ? {
        'crossattention.c_attn': conv1d(width, 2 * width),
        'crossattention.q_attn': conv1d(width, width),
        'crossattention.c_proj': conv1d(width, width),
        ln_cross_attn: norm(),
      }
    : {};
  return block('layer', { ...parts, ...cross }, (trace, x) => {
    const attended = trace.add(x, trace.chain(x, parts.ln_1, parts.attn));
    return trace.add(attended, trace.chain(attended, parts.ln_2, parts.mlp));
  });
}

function body(c: Config): Decoder {
  const wte = embedding('tokens', c.vocab_size, c.n_embd);
  const wpe = embedding('positions', c.n_positions, c.n_embd);
  const layers = Array.from({ length: c.n_layer }, (_, index) => layer(c, index));
  const norm = layerNorm(c.n_embd, c.layer_norm_epsilon);
  const stack = block('stack', { wte, wpe, ...listed('h', layers), ln_f: norm }, (trace, ids) => {
    const positions = trace.run(wpe, trace.run({ op: 'positions' }, ids));
    return trace.chain(trace.add(trace.run(wte, ids), positions), ...layers, norm);
  });
  return { block: stack, embedding: wte, width: c.n_embd };
}

function model(root: (c: Config, decoder: Decoder) => Block): (c: Config) => Blueprint {
  return (c) => ({ root: root(c, body(c)), inputs: tokenInput(c.n_positions) });
}

const withHead = (name: string, head: (c: Config, decoder: Decoder) => Linear) =>
  model((c, decoder) => headed('transformer', decoder, name, head(c, decoder)));

/** A language head and one label a choice, read from one token (`summary_type`). */
const doubleHeads = model((c, decoder) => {
  const lm = vocabularyHead(decoder, c.tie_word_embeddings);
  // The class sets one label whatever the config says.
  const summary = linear(c.n_embd, c.summary_proj_to_labels ? 1 : c.n_embd);
  const heads = c.summary_use_proj ? { 'multiple_choice_head.summary': summary } : {};
  return block('model', { transformer: decoder.block, lm_head: lm, ...heads }, (trace, ids) => {
    const x = trace.run(decoder.block, ids);
    if (c.summary_use_proj) trace.chain(x, { op: 'lastToken' }, summary);
    return trace.run(lm, x);
  });
});

export const gpt2 = family({
  modelType: 'gpt2',
  keys,
  base: 'GPT2Model',
  initializerRange: (c) => c.initializer_range,
  check: (c, checks) => checks.multiple('n_embd', c.n_embd, 'n_head', c.n_head),
  architectures: {
    GPT2Model: model((_, decoder) => ({ ...decoder.block, role: 'model' })),
    GPT2LMHeadModel: withHead('lm_head', (c, decoder) => vocabularyHead(decoder, c.tie_word_embeddings)),
    GPT2DoubleHeadsModel: doubleHeads,
    GPT2ForSequenceClassification: withHead('score', (c) => linear(c.n_embd, labels(c), { bias: false })),
    GPT2ForTokenClassification: withHead('classifier', (c) => linear(c.n_embd, labels(c))),
    GPT2ForQuestionAnswering: withHead('qa_outputs', (c) => linear(c.n_embd, 2)),
  },
});
