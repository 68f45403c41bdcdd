/** XLNet (Yang et al. 2019): Transformer-XL's relative positions, projections stored by head, two-way or causal. */
import { activation, labels, tie, type Common } from '../../config/common';
import { depth, flag, optionalSize, real, size, text, type Values } from '../../config/keys';
import { block, listed, parameter } from '../../model/build';
import {
  NO_CHILDREN,
  type Attention,
  type Block,
  type Linear,
  type MaskPattern,
  type Parameter,
} from '../../model/module';
import { separateAttention } from '../blocks/attention';
import type { Decoder } from '../blocks/decoder';
import { embedding, layerNorm, linear, mlp } from '../blocks/layers';
import { postNorm } from '../blocks/residual';
import { summary, summaryKeys } from '../blocks/summary';
import { family } from '../family';
import { biasedOutput, gptArchitectures, linearHead, TOKEN, type Head } from './heads';

const keys = {
  vocab_size: size(32000, { aliases: ['n_token'] }),
  d_model: size(1024, { aliases: ['hidden_size'], role: 'width' }),
  n_layer: depth(24, { aliases: ['num_hidden_layers'] }),
  n_head: size(16, { aliases: ['num_attention_heads'] }),
  d_inner: size(4096),
  d_head: optionalSize(),
  ff_activation: activation('gelu'),
  attn_type: text('bi', ['bi', 'uni']),
  clamp_len: real(-1),
  same_length: flag(false),
  initializer_range: real(0.02),
  layer_norm_eps: real(1e-12),
  tie_word_embeddings: tie(true),
  ...summaryKeys('last'),
  // Not a key of its own here: read where a file has it.
  summary_proj_to_labels: flag(false),
} as const;

type Config = Values<typeof keys> & Common;

/** A map whose weight [width, heads, headDim] stands in the attention itself. */
function byHead(weight: Parameter, inputs: number, outputs: number, layout: Linear['layout']): Linear {
  return { kind: 'linear', inputs, outputs, layout, weight, parameters: {}, children: NO_CHILDREN };
}

/** With `same_length` each token sees as many before it as memories are kept: without any, itself. */
function maskOf(c: Config): MaskPattern {
  if (c.attn_type !== 'uni') return { type: 'full' };
  return c.same_length ? { type: 'slidingWindow', window: 1 } : { type: 'causal' };
}

function attention(c: Config): Attention {
  const [width, heads] = [c.d_model, c.n_head];
  const headDim = Math.floor(width / heads);
  const inner = heads * headDim;
  const [q, k, v, o, r] = Array.from({ length: 5 }, () => parameter(width, heads, headDim));
  const [r_r_bias, r_s_bias, r_w_bias] = Array.from({ length: 3 }, () => parameter(heads, headDim));
  const into = (weight: Parameter) => byHead(weight, width, inner, 'input-output');
  const project = into(r!);
  const made = separateAttention(
    {
      heads,
      headDim,
      mask: maskOf(c),
      position: {
        type: 'relativeSines',
        project,
        contentBias: r_w_bias!,
        positionBias: r_r_bias!,
        distances: c.attn_type === 'uni' ? 'past' : 'both',
        ...(c.clamp_len > 0 ? { clamp: c.clamp_len } : {}),
      },
    },
    {
      query: into(q!),
      key: into(k!),
      value: into(v!),
      output: byHead(o!, inner, width, 'output-input'),
    },
    { query: '(query)', key: '(key)', value: '(value)', output: '(output)' },
  );
  return {
    ...made,
    children: { ...made.children, '(position)': project },
    // Segments count only when the caller gives them.
    parameters: {
      q: q!,
      k: k!,
      v: v!,
      o: o!,
      r: r!,
      r_r_bias: r_r_bias!,
      r_s_bias: r_s_bias!,
      r_w_bias: r_w_bias!,
      seg_embed: parameter(2, heads, headDim),
    },
  };
}

function layer(c: Config): Block {
  const width = c.d_model;
  const parts = {
    rel_attn: attention(c),
    'rel_attn.layer_norm': layerNorm(width, c.layer_norm_eps),
    'ff.layer_norm': layerNorm(width, c.layer_norm_eps),
    ff: mlp(
      c.ff_activation,
      { up: linear(width, c.d_inner), down: linear(c.d_inner, width) },
      { up: 'layer_1', down: 'layer_2' },
    ),
  };
  return block('layer', parts, (trace, x) =>
    postNorm(trace, x, [parts.rel_attn, parts['rel_attn.layer_norm']], [parts.ff, parts['ff.layer_norm']]),
  );
}

function body(c: Config): Decoder {
  const tokens = embedding('tokens', c.vocab_size, c.d_model);
  const layers = Array.from({ length: c.n_layer }, () => layer(c));
  const stack = block(
    'stack',
    { word_embedding: tokens, ...listed('layer', layers) },
    (trace, ids) => trace.chain(ids, tokens, ...layers),
    // What stands for a token to be predicted, in training.
    { mask_emb: parameter(1, 1, c.d_model) },
  );
  return { block: stack, embedding: tokens, width: c.d_model };
}

/** A summary and a linear map on it, which the class makes for the model's width. */
function onSummary(suffix: string, outputs: (c: Common) => number): Head<Config> {
  return {
    suffix,
    make(width, c) {
      const read = summary(width, c);
      const logits_proj = linear(width, outputs(c));
      return { children: { ...read.children, logits_proj }, run: [...read.run, logits_proj] };
    },
  };
}

export const xlnet = family({
  modelType: 'xlnet',
  keys,
  base: 'XLNetModel',
  initializerRange: (c) => c.initializer_range,
  check(c, checks) {
    checks.multiple('d_model', c.d_model, 'n_head', c.n_head);
    const headDim = Math.floor(c.d_model / c.n_head);
    if (c.d_head !== undefined && c.d_head !== headDim) {
      checks.only('d_head', String(headDim), String(c.d_head));
    }
  },
  architectures: gptArchitectures<Config>('XLNet', {
    name: 'transformer',
    body,
    heads: [
      onSummary('ForSequenceClassification', labels),
      onSummary('ForMultipleChoice', () => 1),
      TOKEN,
      linearHead('ForQuestionAnsweringSimple', 'qa_outputs', labels),
    ],
    languageModel: 'LMHeadModel',
    languageHead: 'lm_loss',
    output: biasedOutput,
  }),
});
