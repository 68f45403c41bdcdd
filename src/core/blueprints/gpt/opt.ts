/** OPT (Zhang et al. 2022): GPT with ReLU and positions from 2; OPT-350m has a narrower embedding and norms after. */
import { activation, tie } from '../../config/common';
import { depth, flag, optionalSize, real, size, type Values } from '../../config/keys';
import { block, listed } from '../../model/build';
import type { Block, Module } from '../../model/module';
import { separateAttention } from '../blocks/attention';
import type { Decoder } from '../blocks/decoder';
import { embedding, layerNorm, linear, mlp } from '../blocks/layers';
import { postNorm, sequential } from '../blocks/residual';
import { family } from '../family';
import { gptArchitectures, QUESTION, SEQUENCE } from './heads';

const keys = {
  vocab_size: size(50272),
  hidden_size: size(768, { role: 'width' }),
  num_hidden_layers: depth(12),
  ffn_dim: size(3072),
  max_position_embeddings: size(2048),
  do_layer_norm_before: flag(true),
  _remove_final_layer_norm: flag(false),
  word_embed_proj_dim: optionalSize(),
  num_attention_heads: size(12),
  activation_function: activation('relu'),
  init_std: real(0.02),
  enable_bias: flag(true),
  layer_norm_elementwise_affine: flag(true),
  tie_word_embeddings: tie(true),
} as const;

type Config = Values<typeof keys>;

/** Ids of positions start here. */
const OFFSET = 2;

const norm = (c: Config) =>
  layerNorm(c.hidden_size, 1e-5, c.layer_norm_elementwise_affine ? 'weightAndBias' : 'nothing');

function layer(c: Config): Block {
  const width = c.hidden_size;
  const bias = c.enable_bias;
  const square = () => linear(width, width, { bias });
  const parts = {
    self_attn: separateAttention(
      {
        heads: c.num_attention_heads,
        headDim: Math.floor(width / c.num_attention_heads),
        mask: { type: 'causal' },
      },
      { key: square(), value: square(), query: square(), output: square() },
      { key: 'k_proj', value: 'v_proj', query: 'q_proj', output: 'out_proj' },
    ),
    self_attn_layer_norm: norm(c),
    '(mlp)': mlp(
      c.activation_function,
      { up: linear(width, c.ffn_dim, { bias }), down: linear(c.ffn_dim, width, { bias }) },
      { up: 'fc1', down: 'fc2' },
    ),
    final_layer_norm: norm(c),
  };
  const { self_attn: attention, self_attn_layer_norm: first, '(mlp)': feedForward } = parts;
  return block('layer', parts, (trace, x) =>
    c.do_layer_norm_before
      ? sequential(trace, x, [first, attention], [parts.final_layer_norm, feedForward])
      : postNorm(trace, x, [attention, first], [feedForward, parts.final_layer_norm]),
  );
}

function body(c: Config): Decoder {
  const width = c.hidden_size;
  const outer = c.word_embed_proj_dim ?? width;
  const tokens = embedding('tokens', c.vocab_size, outer);
  const positions = embedding('positions', c.max_position_embeddings + OFFSET, width, { offset: OFFSET });
  const layers = Array.from({ length: c.num_hidden_layers }, () => layer(c));
  const last = c.do_layer_norm_before && !c._remove_final_layer_norm ? [norm(c)] : [];
  const into = outer === width ? [] : [linear(outer, width, { bias: false })];
  const out = outer === width ? [] : [linear(width, outer, { bias: false })];
  const named = (name: string, modules: readonly Module[]) =>
    Object.fromEntries(modules.map((module) => [name, module]));
  const children = {
    embed_tokens: tokens,
    embed_positions: positions,
    ...named('project_out', out),
    ...named('project_in', into),
    ...named('final_layer_norm', last),
    ...listed('layers', layers),
  };
  const decoder = block('stack', children, (trace, ids) => {
    const placed = trace.chain(ids, { op: 'positions' }, positions);
    return trace.chain(trace.add(trace.chain(ids, tokens, ...into), placed), ...layers, ...last, ...out);
  });
  const model = block('stack', { decoder }, (trace, ids) => trace.run(decoder, ids));
  return { block: model, embedding: tokens, width: outer };
}

export const opt = family({
  modelType: 'opt',
  keys,
  base: 'OPTModel',
  initializerRange: (c) => c.init_std,
  check: (c, checks) =>
    checks.multiple('hidden_size', c.hidden_size, 'num_attention_heads', c.num_attention_heads),
  architectures: gptArchitectures('OPT', {
    name: 'model',
    body,
    limit: (c) => c.max_position_embeddings,
    heads: [SEQUENCE, QUESTION],
  }),
});
