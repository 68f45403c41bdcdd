/** Phi-1.5 and Phi-2 as first published: MixFormer, a list of layers from table to head, and phi-msft after it. */
import { activation, tie } from '../../config/common';
import { depth, optionalSize, real, size, type Values } from '../../config/keys';
import { block, listed } from '../../model/build';
import type { Block, Rotary } from '../../model/module';
import { fusedAttention } from '../blocks/attention';
import { embedding, layerNorm, linear, mlp } from '../blocks/layers';
import { parallelOneNorm } from '../blocks/residual';
import { rotary } from '../blocks/rotary';
import { family, tokenInput, type Blueprint } from '../family';

const keys = {
  vocab_size: size(50304),
  n_positions: size(2048, { aliases: ['max_position_embeddings'] }),
  n_embd: size(1024, { aliases: ['hidden_size'], role: 'width' }),
  n_layer: depth(20, { aliases: ['num_hidden_layers'] }),
  n_inner: optionalSize(),
  n_head: size(16, { aliases: ['num_attention_heads'] }),
  n_head_kv: optionalSize({ role: 'keyValueHeads' }),
  rotary_dim: size(32),
  activation_function: activation('gelu_new'),
  layer_norm_epsilon: real(1e-5),
  initializer_range: real(0.02),
  pad_vocab_size_multiple: size(64),
  tie_word_embeddings: tie(false),
} as const;

type Config = Values<typeof keys>;

/** Rows of the table: filled up to a multiple. */
const rows = (c: Config) => Math.ceil(c.vocab_size / c.pad_vocab_size_multiple) * c.pad_vocab_size_multiple;

function layer(c: Config, angles: Rotary): Block {
  const { n_embd: width, n_head: heads } = c;
  const headDim = Math.floor(width / heads);
  const keyValueHeads = c.n_head_kv ?? heads;
  const inner = c.n_inner ?? 4 * width;
  const parts = {
    ln: layerNorm(width, c.layer_norm_epsilon),
    mixer: fusedAttention(
      {
        heads,
        keyValueHeads,
        headDim,
        mask: { type: 'causal' },
        position: { type: 'rotary', rotary: angles },
      },
      {
        qkv: linear(width, (heads + 2 * keyValueHeads) * headDim),
        output: linear(heads * headDim, width),
      },
      { qkv: 'Wqkv', output: 'out_proj' },
    ),
    mlp: mlp(
      c.activation_function,
      { up: linear(width, inner), down: linear(inner, width) },
      { up: 'fc1', down: 'fc2' },
    ),
  };
  return block('layer', parts, (trace, x) => parallelOneNorm(trace, x, parts.ln, [parts.mixer, parts.mlp]));
}

/** Table, layers, and a head with a norm and a bias. */
function parts(c: Config) {
  const width = c.n_embd;
  const headDim = Math.floor(width / c.n_head);
  const angles = rotary(
    { rope_parameters: undefined, rope_theta: undefined, partial_rotary_factor: undefined },
    { dim: Math.min(c.rotary_dim, headDim), defaultTheta: 10000, positions: c.n_positions },
  );
  const tokens = embedding('tokens', rows(c), width);
  const layers = Array.from({ length: c.n_layer }, () => layer(c, angles));
  const ln = layerNorm(width, c.layer_norm_epsilon);
  const output = linear(width, rows(c), c.tie_word_embeddings ? { weight: tokens.weight } : {});
  const head = block('head', { ln, linear: output }, (trace, x) => trace.chain(x, ln, output));
  return { tokens, layers, head };
}

function mixformerModel(c: Config): Blueprint {
  const { tokens, layers, head } = parts(c);
  const children = {
    'layers.0.wte': tokens,
    ...Object.fromEntries(layers.map((each, index) => [`layers.${index + 1}`, each])),
    [`layers.${layers.length + 1}`]: head,
  };
  const root = block('model', children, (trace, ids) => trace.chain(ids, tokens, ...layers, head));
  return { root, inputs: tokenInput(c.n_positions) };
}

function phiModel(c: Config): Blueprint {
  const { tokens, layers, head } = parts(c);
  const transformer = block('stack', { 'embd.wte': tokens, ...listed('h', layers) }, (trace, ids) =>
    trace.chain(ids, tokens, ...layers),
  );
  const root = block('model', { transformer, lm_head: head }, (trace, ids) =>
    trace.chain(ids, transformer, head),
  );
  return { root, inputs: tokenInput(c.n_positions) };
}

export const mixformers = [
  family({
    modelType: 'mixformer-sequential',
    keys,
    base: 'MixFormerSequentialForCausalLM',
    initializerRange: (c) => c.initializer_range,
    architectures: { MixFormerSequentialForCausalLM: mixformerModel },
  }),
  family({
    modelType: 'phi-msft',
    keys,
    base: 'PhiForCausalLM',
    initializerRange: (c) => c.initializer_range,
    architectures: { PhiForCausalLM: phiModel },
  }),
];
