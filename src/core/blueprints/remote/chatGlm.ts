/** ChatGLM (Zeng et al. 2023; GLM Team 2024): ChatGLM-6B, and ChatGLM2, ChatGLM3 and GLM-4, one name for two designs. */
import { labels, tie, type Common } from '../../config/common';
import { depth, flag, optionalSize, real, size, type Values } from '../../config/keys';
import { block, buffer, listed } from '../../model/build';
import {
  NO_CHILDREN,
  type Block,
  type Embedding,
  type Linear,
  type Module,
  type Norm,
  type Rotary,
} from '../../model/module';
import { fusedAttention } from '../blocks/attention';
import { embedding, layerNorm, linear, mlp, rmsNorm } from '../blocks/layers';
import { sequential } from '../blocks/residual';
import { family, tokenInput, type Blueprint } from '../family';

const keys = {
  num_layers: depth(28),
  padded_vocab_size: size(65024),
  hidden_size: size(4096, { role: 'width' }),
  ffn_hidden_size: size(13696),
  kv_channels: size(128),
  num_attention_heads: size(32),
  seq_length: size(2048),
  layernorm_epsilon: real(1e-5),
  rmsnorm: flag(true),
  apply_residual_connection_post_layernorm: flag(false),
  post_layer_norm: flag(true),
  add_bias_linear: flag(false),
  add_qkv_bias: flag(false),
  multi_query_attention: flag(false),
  multi_query_group_num: size(1, { role: 'keyValueHeads' }),
  rope_ratio: real(1),
  pre_seq_len: optionalSize(),
  prefix_projection: flag(false),
  // ChatGLM-6B alone.
  vocab_size: size(150528),
  inner_hidden_size: optionalSize(),
  max_sequence_length: size(2048),
  tie_word_embeddings: tie(true),
} as const;

type Config = Values<typeof keys> & Common;

/** ChatGLM-6B's config says the inner size by this name. */
const isFirst = (c: Config) => c.inner_hidden_size !== undefined;

/**
 * Trained keys and values before those of the input (P-Tuning v2), all layers' side by side; the table lies beside the
 * layers, and with `prefix_projection` makes them through two matrices.
 */
function prefix(c: Config, tableWidth: number, width: number): Record<string, Module> {
  if (c.pre_seq_len === undefined) return {};
  const through = c.prefix_projection;
  return {
    'prefix_encoder.embedding': embedding('positions', c.pre_seq_len, through ? tableWidth : width),
    ...(through
      ? {
          'prefix_encoder.trans.0': linear(tableWidth, c.hidden_size),
          'prefix_encoder.trans.2': linear(c.hidden_size, width),
        }
      : {}),
  };
}

interface Body {
  readonly block: Block;
  readonly tokens: Embedding;
}

function angles(c: Config, headDim: number): Rotary {
  // Half of each head is rotated; the frequencies lie in the file.
  const dim = Math.floor(headDim / 2);
  return {
    kind: 'rotary',
    dim,
    theta: 10000 * c.rope_ratio,
    scaling: { type: 'default' },
    pairs: 'interleaved',
    parameters: { inv_freq: buffer(Math.ceil(dim / 2)) },
    children: NO_CHILDREN,
  };
}

/** ChatGLM2 and later: grouped keys and values, RMSNorm, gated feed-forward. */
function layer(c: Config, rotary: Rotary): Block {
  const { hidden_size: width, num_attention_heads: heads, kv_channels: headDim } = c;
  const grouped = c.multi_query_attention;
  const keyValueHeads = grouped ? c.multi_query_group_num : heads;
  const bias = c.add_bias_linear;
  const norm = normOf(c);
  const parts = {
    input_layernorm: norm(),
    self_attention: {
      ...fusedAttention(
        { heads, keyValueHeads, headDim, mask: { type: 'causal' }, position: { type: 'rotary', rotary } },
        {
          qkv: linear(width, (heads + 2 * keyValueHeads) * headDim, { bias: bias || c.add_qkv_bias }),
          output: linear(heads * headDim, width, { bias }),
        },
        { qkv: 'query_key_value', output: 'dense' },
        { slices: grouped ? 1 : heads, order: 'queryKeyValue' },
      ),
      ...(c.pre_seq_len === undefined ? {} : { promptKeys: c.pre_seq_len }),
    },
    post_attention_layernorm: norm(),
    mlp: {
      ...mlp(
        'silu',
        {
          up: linear(width, 2 * c.ffn_hidden_size, { bias }),
          down: linear(c.ffn_hidden_size, width, { bias }),
        },
        { up: 'dense_h_to_4h', down: 'dense_4h_to_h' },
      ),
      fusedGate: true,
    } as const,
  };
  return block('layer', parts, (trace, x) => {
    const { input_layernorm, self_attention, post_attention_layernorm } = parts;
    if (!c.apply_residual_connection_post_layernorm) {
      return sequential(trace, x, [input_layernorm, self_attention], [post_attention_layernorm, parts.mlp]);
    }
    const normed = trace.run(input_layernorm, x);
    const attended = trace.add(normed, trace.run(self_attention, normed));
    const again = trace.run(post_attention_layernorm, attended);
    return trace.add(again, trace.run(parts.mlp, again));
  });
}

function normOf(c: Config): () => Norm {
  return () =>
    c.rmsnorm ? rmsNorm(c.hidden_size, c.layernorm_epsilon) : layerNorm(c.hidden_size, c.layernorm_epsilon);
}

/** The output layer is a part of the body, which runs it except under a classifier. */
function laterBody(c: Config, runsOutput: boolean): Body {
  const tokens = embedding('tokens', c.padded_vocab_size, c.hidden_size);
  const rotary = angles(c, c.kv_channels);
  const layers = Array.from({ length: c.num_layers }, () => layer(c, rotary));
  const last = c.post_layer_norm ? [normOf(c)()] : [];
  const encoder = block(
    'stack',
    { ...listed('layers', layers), ...Object.fromEntries(last.map((norm) => ['final_layernorm', norm])) },
    (trace, x) => trace.chain(x, ...layers, ...last),
  );
  const output = linear(c.hidden_size, c.padded_vocab_size, { bias: false });
  const prefixed = 2 * c.num_layers * c.kv_channels * c.multi_query_group_num;
  const children = {
    'embedding.word_embeddings': tokens,
    rotary_pos_emb: rotary,
    encoder,
    output_layer: output,
    ...prefix(c, prefixed, prefixed),
  };
  const stack = block('stack', children, (trace, ids) => {
    const x = trace.run(tokens, ids);
    trace.run(rotary, x);
    return trace.chain(x, encoder, ...(runsOutput ? [output] : []));
  });
  return { block: stack, tokens };
}

/** ChatGLM-6B: LayerNorm, biases everywhere, residuals of the normed input times √(2·layers), two-dimensional positions. */
function firstLayer(c: Config): Block {
  const { hidden_size: width, num_attention_heads: heads } = c;
  const headDim = Math.floor(width / heads);
  const inner = c.inner_hidden_size ?? 4 * width;
  const rotary: Rotary = {
    kind: 'rotary',
    dim: headDim,
    theta: 10000,
    scaling: { type: 'other', name: 'two-dimensional' },
    pairs: 'half',
    parameters: { inv_freq: buffer(Math.ceil(headDim / 4)) },
    children: NO_CHILDREN,
  };
  const attended = fusedAttention(
    // A prompt sees all of itself; what is generated sees what is before it.
    { heads, headDim, mask: { type: 'causal' }, position: { type: 'rotary', rotary } },
    { qkv: linear(width, 3 * width), output: linear(width, width) },
    { qkv: 'query_key_value', output: 'dense' },
    { slices: heads, order: 'queryKeyValue' },
  );
  const parts = {
    input_layernorm: layerNorm(width, c.layernorm_epsilon),
    attention: {
      ...attended,
      children: { rotary_emb: rotary, ...attended.children },
      ...(c.pre_seq_len === undefined ? {} : { promptKeys: c.pre_seq_len }),
    },
    post_attention_layernorm: layerNorm(width, c.layernorm_epsilon),
    mlp: mlp(
      'gelu_new',
      { up: linear(width, inner), down: linear(inner, width) },
      { up: 'dense_h_to_4h', down: 'dense_4h_to_h' },
    ),
  };
  const scale = { op: 'scale', by: Math.sqrt(2 * c.num_layers) } as const;
  return block('layer', parts, (trace, x) => {
    const normed = trace.run(parts.input_layernorm, x);
    const summed = trace.add(trace.run(scale, normed), trace.run(parts.attention, normed));
    const again = trace.run(parts.post_attention_layernorm, summed);
    return trace.add(trace.run(scale, again), trace.run(parts.mlp, again));
  });
}

function firstBody(c: Config): Body {
  const tokens = embedding('tokens', c.vocab_size, c.hidden_size);
  const layers = Array.from({ length: c.num_layers }, () => firstLayer(c));
  const last = layerNorm(c.hidden_size, c.layernorm_epsilon);
  const children = {
    word_embeddings: tokens,
    ...listed('layers', layers),
    final_layernorm: last,
    ...prefix(c, c.hidden_size, 2 * c.num_layers * c.hidden_size),
  };
  const stack = block('stack', children, (trace, ids) => trace.chain(ids, tokens, ...layers, last));
  return { block: stack, tokens };
}

const blueprint = (c: Config, root: Block): Blueprint => ({
  root: { ...root, role: 'model' },
  inputs: tokenInput(isFirst(c) ? c.max_sequence_length : c.seq_length),
});

/** The body, and above it an output layer where the body has none, or a classifier. */
function wrapped(body: Body, name?: string, head?: Linear): Block {
  const heads = name === undefined || head === undefined ? {} : { [name]: head };
  return block('model', { transformer: body.block, ...heads }, (trace, ids) =>
    trace.chain(ids, body.block, ...Object.values(heads)),
  );
}

export const chatGlm = family({
  modelType: 'chatglm',
  keys,
  base: 'ChatGLMModel',
  initializerRange: () => 0.02,
  architectures: {
    ChatGLMModel: (c: Config) => blueprint(c, (isFirst(c) ? firstBody(c) : laterBody(c, true)).block),
    ChatGLMForConditionalGeneration(c: Config) {
      if (!isFirst(c)) return blueprint(c, wrapped(laterBody(c, true)));
      const body = firstBody(c);
      const tied = c.tie_word_embeddings ? { weight: body.tokens.weight } : {};
      const head = linear(c.hidden_size, c.vocab_size, { bias: false, ...tied });
      return blueprint(c, wrapped(body, 'lm_head', head));
    },
    ChatGLMForSequenceClassification: (c: Config) =>
      blueprint(c, wrapped(laterBody(c, false), 'classifier_head', linear(c.hidden_size, labels(c)))),
  },
});
