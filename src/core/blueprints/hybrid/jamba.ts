/** Jamba (AI21 2024) and Bamba (IBM 2024): layers of Mamba with some of attention; Jamba's have experts in between. */
import { activation, tie } from '../../config/common';
import {
  any,
  depth,
  flag,
  list,
  nullableSize,
  optionalSize,
  real,
  size,
  type Values,
} from '../../config/keys';
import { block, listed } from '../../model/build';
import type { Attention, Block, Experts, Mlp, Module, Norm } from '../../model/module';
import { groupedQueryAttention } from '../blocks/attention';
import {
  decoder,
  decoderArchitectures,
  decoderKeys,
  gatedMlp,
  GENERATION_ONLY,
  headDimension,
  type Decoder,
} from '../blocks/decoder';
import { experts } from '../blocks/experts';
import { rmsNorm, embedding } from '../blocks/layers';
import { bambaMixer, bambaMixerKeys } from '../blocks/bambaMixer';
import { mambaMixer } from '../blocks/mixer';
import { sequential } from '../blocks/residual';
import { rotary } from '../blocks/rotary';
import { family } from '../family';
import { timeStepRank } from './mamba';

/** x + mixer(norm x), then that + feed-forward(norm of it). */
function layer(
  mixer: Readonly<Record<string, Attention | Block>>,
  feedForward: Mlp | Experts,
  norm: () => Norm,
): Block {
  const norms = { input_layernorm: norm(), pre_ff_layernorm: norm() };
  const children: Record<string, Module> = { ...mixer, feed_forward: feedForward, ...norms };
  const [mixing] = Object.values(mixer);
  return block('layer', children, (trace, x) =>
    sequential(trace, x, [norms.input_layernorm, mixing!], [norms.pre_ff_layernorm, feedForward]),
  );
}

const jambaKeys = {
  vocab_size: size(65536),
  tie_word_embeddings: tie(false),
  hidden_size: size(4096, { role: 'width' }),
  intermediate_size: size(14336),
  num_hidden_layers: depth(32),
  num_attention_heads: size(32),
  num_key_value_heads: nullableSize(8, { role: 'keyValueHeads' }),
  head_dim: optionalSize(),
  hidden_act: activation('silu'),
  initializer_range: real(0.02),
  rms_norm_eps: real(1e-6),
  max_position_embeddings: size(262144),
  num_experts: size(16, { aliases: ['num_local_experts'] }),
  num_experts_per_tok: size(2),
  expert_layer_period: size(2),
  expert_layer_offset: size(1, { min: 0 }),
  attn_layer_period: size(8),
  attn_layer_offset: size(4, { min: 0 }),
  mamba_d_state: size(16),
  mamba_d_conv: size(4),
  mamba_expand: size(2),
  /** A number, or `auto`. */
  mamba_dt_rank: any(),
  mamba_conv_bias: flag(true),
  mamba_proj_bias: flag(false),
} as const;

function jambaBody(c: Values<typeof jambaKeys>): Decoder {
  const width = c.hidden_size;
  const norm = (of = width) => rmsNorm(of, c.rms_norm_eps);
  const attention = () =>
    groupedQueryAttention(
      width,
      {
        heads: c.num_attention_heads,
        keyValueHeads: c.num_key_value_heads ?? c.num_attention_heads,
        headDim: headDimension(c),
        mask: { type: 'causal' },
      },
      false,
    );
  const mixer = () =>
    mambaMixer({
      width,
      inner: c.mamba_expand * width,
      stateDim: c.mamba_d_state,
      rank: timeStepRank(c.mamba_dt_rank, width),
      kernel: c.mamba_d_conv,
      activation: c.hidden_act,
      bias: c.mamba_proj_bias,
      convolutionBias: c.mamba_conv_bias,
      norm,
    });
  const feedForward = (index: number) =>
    c.num_experts > 1 && index % c.expert_layer_period === c.expert_layer_offset
      ? experts(
          {
            count: c.num_experts,
            active: c.num_experts_per_tok,
            width,
            intermediate: c.intermediate_size,
            activation: c.hidden_act,
          },
          { type: 'softmaxTopK', normalise: false },
          { router: 'router' },
        )
      : gatedMlp(width, c.intermediate_size, c.hidden_act);
  const layers = Array.from({ length: c.num_hidden_layers }, (_, index) => {
    const attends = index % c.attn_layer_period === c.attn_layer_offset;
    return layer(attends ? { self_attn: attention() } : { mamba: mixer() }, feedForward(index), norm);
  });
  const table = embedding('tokens', c.vocab_size, width);
  const last = norm();
  const children = { embed_tokens: table, ...listed('layers', layers), final_layernorm: last };
  return {
    block: block('stack', children, (trace, ids) => trace.chain(ids, table, ...layers, last)),
    embedding: table,
    width,
  };
}

export const jamba = family({
  modelType: 'jamba',
  keys: jambaKeys,
  base: 'JambaModel',
  initializerRange: (c) => c.initializer_range,
  architectures: decoderArchitectures('Jamba', jambaBody, undefined, { without: ['TokenClassification'] }),
});

const bambaKeys = {
  ...decoderKeys({
    vocabulary: 128000,
    width: 4096,
    intermediate: 14336,
    layers: 32,
    heads: 32,
    positions: 262144,
  }),
  num_key_value_heads: nullableSize(8, { role: 'keyValueHeads' }),
  head_dim: optionalSize(),
  rms_norm_eps: real(1e-5),
  attn_layer_indices: list(),
  ...bambaMixerKeys,
  attention_bias: flag(false),
  mlp_bias: flag(false),
} as const;

function bambaBody(config: Values<typeof bambaKeys>): Decoder {
  // Half of each head rotates, whatever the key beside the scheme says.
  const c = { ...config, partial_rotary_factor: 0.5 };
  const width = c.hidden_size;
  const norm = () => rmsNorm(width, c.rms_norm_eps);
  const headDim = headDimension(c);
  const angles = rotary(c, {
    dim: headDim,
    defaultTheta: 10000,
    positions: c.max_position_embeddings,
    partial: 0.5,
  });
  const attention = () =>
    groupedQueryAttention(
      width,
      {
        heads: c.num_attention_heads,
        keyValueHeads: c.num_key_value_heads ?? c.num_attention_heads,
        headDim,
        mask: { type: 'causal' },
        position: { type: 'rotary', rotary: angles },
      },
      c.attention_bias,
    );
  const mixer = () => bambaMixer(c);
  const layers = Array.from({ length: c.num_hidden_layers }, (_, index) => {
    const attends = c.attn_layer_indices?.includes(index) ?? false;
    const feedForward = gatedMlp(width, c.intermediate_size, c.hidden_act, c.mlp_bias);
    return layer(attends ? { self_attn: attention() } : { mamba: mixer() }, feedForward, norm);
  });
  return decoder({
    vocabulary: c.vocab_size,
    width,
    layers,
    norm: norm(),
    normName: 'final_layernorm',
    rotary: angles,
  });
}

export const bamba = family({
  modelType: 'bamba',
  keys: bambaKeys,
  base: 'BambaModel',
  initializerRange: (c) => c.initializer_range,
  check: (c, checks) =>
    checks.multiple('mamba_n_heads', c.mamba_expand * c.hidden_size, 'mamba_n_heads', c.mamba_n_heads),
  architectures: decoderArchitectures('Bamba', bambaBody, undefined, { without: GENERATION_ONLY }),
});
