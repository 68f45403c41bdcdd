/** GPT-2 (Radford et al. 2019): pre-norm decoder with learned positions, fused q, k, v, and weights stored [in, out]. */
import { activation, tie, type Common } from '../../config/common';
import { depth, flag, optionalSize, real, size, text, type Values } from '../../config/keys';
import { block } from '../../model/build';
import type { Block, Linear, Module, Norm } from '../../model/module';
import { fusedAttention } from '../blocks/attention';
import { vocabularyHead, type Decoder } from '../blocks/decoder';
import { layerNorm, linear, mlp } from '../blocks/layers';
import { sequential } from '../blocks/residual';
import { family, tokenInput, type Blueprint } from '../family';
import { positionedDecoder } from './body';
import { gptArchitectures, QUESTION, SEQUENCE, TOKEN } from './heads';

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

/** What the body reads: ImageGPT has the same. */
type BodyConfig = Omit<Config, 'summary_type' | 'summary_use_proj' | 'summary_proj_to_labels'>;
type MakeNorm = (width: number, epsilon: number) => Norm;

function conv1d(inputs: number, outputs: number, deviation?: number): Linear {
  return linear(inputs, outputs, {
    layout: 'input-output',
    ...(deviation === undefined ? {} : { deviation }),
  });
}

function layer(c: BodyConfig, index: number, makeNorm: MakeNorm): Block {
  const width = c.n_embd;
  const headDim = Math.floor(width / c.n_head);
  const norm = () => makeNorm(width, c.layer_norm_epsilon);
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
  return block('layer', { ...parts, ...cross }, (trace, x) =>
    sequential(trace, x, [parts.ln_1, parts.attn], [parts.ln_2, parts.mlp]),
  );
}

export function gpt2Body(c: BodyConfig, norm: MakeNorm = layerNorm): Decoder {
  return positionedDecoder({
    vocabulary: c.vocab_size,
    positions: c.n_positions,
    width: c.n_embd,
    layers: Array.from({ length: c.n_layer }, (_, index) => layer(c, index, norm)),
    norm: norm(c.n_embd, c.layer_norm_epsilon),
  });
}

/** A language head and one label a choice, read from one token (`summary_type`). */
function doubleHeads(c: Config): Blueprint {
  const decoder = gpt2Body(c);
  const lm = vocabularyHead(decoder, c.tie_word_embeddings);
  // The class sets one label whatever the config says.
  const summary = linear(c.n_embd, c.summary_proj_to_labels ? 1 : c.n_embd);
  const heads = c.summary_use_proj ? { 'multiple_choice_head.summary': summary } : {};
  const root = block('model', { transformer: decoder.block, lm_head: lm, ...heads }, (trace, ids) => {
    const x = trace.run(decoder.block, ids);
    if (c.summary_use_proj) trace.chain(x, { op: 'lastToken' }, summary);
    return trace.run(lm, x);
  });
  return { root, inputs: tokenInput(c.n_positions) };
}

const gpt2Like = (modelType: string) =>
  family({
    modelType,
    keys,
    base: 'GPT2Model',
    initializerRange: (c) => c.initializer_range,
    check: (c, checks) => checks.multiple('n_embd', c.n_embd, 'n_head', c.n_head),
    architectures: {
      ...gptArchitectures('GPT2', {
        name: 'transformer',
        body: (c: Config) => gpt2Body(c),
        limit: (c) => c.n_positions,
        heads: [SEQUENCE, TOKEN, QUESTION],
        languageModel: 'LMHeadModel',
      }),
      GPT2DoubleHeadsModel: doubleHeads,
    },
  });

export const gpt2 = gpt2Like('gpt2');

/** GPT-SW3 (AI Sweden, 2023) is GPT-2 by another name. */
export const gptSw3 = gpt2Like('gpt-sw3');
