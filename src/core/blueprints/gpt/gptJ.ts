/** GPT-J (Wang & Komatsuzaki 2021) and CodeGen (Nijkamp et al. 2022): one norm, attention and feed-forward in parallel. */
import { activation, labels, tie, type Common } from '../../config/common';
import { depth, optionalSize, real, size, type Values } from '../../config/keys';
import { block } from '../../model/build';
import { NO_CHILDREN, type Attention, type Block, type Rotary } from '../../model/module';
import { fusedAttention, separateAttention } from '../blocks/attention';
import type { Decoder } from '../blocks/decoder';
import { layerNorm, linear, mlp } from '../blocks/layers';
import { parallelOneNorm } from '../blocks/residual';
import { family, type Family } from '../family';
import { rotatedDecoder } from './body';
import { biasedOutput, gptArchitectures, linearHead, SEQUENCE, type Head } from './heads';

const keys = {
  vocab_size: size(50400),
  n_positions: size(2048, { aliases: ['max_position_embeddings'] }),
  n_embd: size(4096, { aliases: ['hidden_size'], role: 'width' }),
  n_layer: depth(28, { aliases: ['num_hidden_layers'] }),
  n_head: size(16, { aliases: ['num_attention_heads'] }),
  rotary_dim: size(64, { min: 0 }),
  n_inner: optionalSize(),
  activation_function: activation('gelu_new'),
  layer_norm_epsilon: real(1e-5),
  initializer_range: real(0.02),
  tie_word_embeddings: tie(false),
} as const;

type Config = Values<typeof keys>;

/** Not run as a module: the sines are kept from the start. */
function angles(c: Config): Rotary {
  return {
    kind: 'rotary',
    dim: c.rotary_dim,
    theta: 10000,
    scaling: { type: 'default' },
    pairs: 'interleaved',
    parameters: {},
    children: NO_CHILDREN,
  };
}

function shape(c: Config) {
  return {
    heads: c.n_head,
    headDim: Math.floor(c.n_embd / c.n_head),
    mask: { type: 'causal' },
    position: { type: 'rotary', rotary: angles(c) },
  } as const;
}

function gptJAttention(c: Config): Attention {
  const square = () => linear(c.n_embd, c.n_embd, { bias: false });
  return separateAttention(
    shape(c),
    { key: square(), value: square(), query: square(), output: square() },
    { key: 'k_proj', value: 'v_proj', query: 'q_proj', output: 'out_proj' },
  );
}

function codegenAttention(c: Config): Attention {
  return fusedAttention(
    shape(c),
    {
      qkv: linear(c.n_embd, 3 * c.n_embd, { bias: false }),
      output: linear(c.n_embd, c.n_embd, { bias: false }),
    },
    { qkv: 'qkv_proj', output: 'out_proj' },
    // As it was cut over four TPU cores in training.
    { slices: 4, order: 'queryValueKey' },
  );
}

function layer(c: Config, attn: Attention): Block {
  const inner = c.n_inner ?? 4 * c.n_embd;
  const parts = {
    ln_1: layerNorm(c.n_embd, c.layer_norm_epsilon),
    attn,
    mlp: mlp(
      c.activation_function,
      { up: linear(c.n_embd, inner), down: linear(inner, c.n_embd) },
      { up: 'fc_in', down: 'fc_out' },
    ),
  };
  return block('layer', parts, (trace, x) => parallelOneNorm(trace, x, parts.ln_1, [attn, parts.mlp]));
}

function gptJLike(
  modelType: string,
  prefix: string,
  attention: (c: Config) => Attention,
  heads: readonly Head<Common>[],
): Family {
  const body = (c: Config): Decoder =>
    rotatedDecoder(
      {
        vocabulary: c.vocab_size,
        width: c.n_embd,
        layers: Array.from({ length: c.n_layer }, () => layer(c, attention(c))),
        norm: layerNorm(c.n_embd, c.layer_norm_epsilon),
      },
      { tokens: 'wte', layers: 'h', norm: 'ln_f' },
    );
  return family({
    modelType,
    keys,
    base: `${prefix}Model`,
    initializerRange: (c) => c.initializer_range,
    check: (c, checks) => checks.multiple('n_embd', c.n_embd, 'n_head', c.n_head),
    architectures: gptArchitectures(prefix, {
      name: 'transformer',
      body,
      limit: (c) => c.n_positions,
      heads,
      output: biasedOutput,
    }),
  });
}

export const gptJ = gptJLike('gptj', 'GPTJ', gptJAttention, [
  SEQUENCE,
  linearHead('ForQuestionAnswering', 'qa_outputs', labels),
]);
export const codegen = gptJLike('codegen', 'CodeGen', codegenAttention, []);
