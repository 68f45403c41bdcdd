/** Mamba (Gu & Dao 2023), Falcon Mamba (2024) and Mamba-2 (Dao & Gu 2024): layers of one mixer each, without attention. */
import { activation, tie } from '../../config/common';
import { any, depth, flag, list, optionalSize, real, size, type Values } from '../../config/keys';
import { block, listed } from '../../model/build';
import { NO_CHILDREN, type Block, type Norm } from '../../model/module';
import { headed, vocabularyHead, type Decoder } from '../blocks/decoder';
import { embedding, rmsNorm } from '../blocks/layers';
import { mamba2Mixer, mambaMixer, stepLimits } from '../blocks/mixer';
import { family, tokenInput } from '../family';

const common = {
  num_hidden_layers: depth(32),
  layer_norm_epsilon: real(1e-5),
  expand: size(2),
  conv_kernel: size(4),
  use_bias: flag(false),
  use_conv_bias: flag(true),
  hidden_act: activation('silu'),
  initializer_range: real(0.1),
} as const;

const mambaKeys = {
  ...common,
  vocab_size: size(50280),
  hidden_size: size(768, { role: 'width' }),
  state_size: size(16),
  /** Wins over the width times `expand`. */
  intermediate_size: optionalSize(),
  /** A number, or `auto`. */
  time_step_rank: any(),
  tie_word_embeddings: tie(true),
} as const;

const falconKeys = { ...mambaKeys, mixer_rms_eps: real(1e-6) } as const;

const mamba2Keys = {
  ...common,
  vocab_size: size(32768),
  hidden_size: size(4096, { role: 'width' }),
  num_hidden_layers: depth(64),
  num_heads: size(128),
  head_dim: size(64),
  state_size: size(128),
  n_groups: size(8),
  chunk_size: size(256),
  tie_word_embeddings: tie(false),
  time_step_limit: list(),
} as const;

interface Body {
  readonly vocab_size: number;
  readonly hidden_size: number;
  readonly num_hidden_layers: number;
  readonly layer_norm_epsilon: number;
}

/** x + mixer(norm x), layer after layer; ids [b, s] → [b, s, width]. */
function body(c: Body, mixer: () => Block): Decoder {
  const width = c.hidden_size;
  const table = embedding('tokens', c.vocab_size, width);
  const norm = () => rmsNorm(width, c.layer_norm_epsilon);
  const layers = Array.from({ length: c.num_hidden_layers }, () => {
    const parts = { norm: norm(), mixer: mixer() };
    return block('layer', parts, (trace, x) => trace.add(x, trace.chain(x, parts.norm, parts.mixer)));
  });
  const last = norm();
  const children = { embeddings: table, ...listed('layers', layers), norm_f: last };
  return {
    block: block('stack', children, (trace, ids) => trace.chain(ids, table, ...layers, last)),
    embedding: table,
    width,
  };
}

/** Numbers that Δ comes from: as given, else a sixteenth of the width. */
export function timeStepRank(given: unknown, width: number): number {
  return typeof given === 'number' ? Math.trunc(given) : Math.ceil(width / 16);
}

/** x over the root of its mean square, without a weight. */
function plainNorm(width: number, epsilon: number): Norm {
  return { kind: 'norm', type: 'rms', width, epsilon, parameters: {}, children: NO_CHILDREN };
}

const mambaBody = (c: Values<typeof mambaKeys> & { readonly mixer_rms_eps?: number }): Decoder =>
  body(c, () => {
    const { mixer_rms_eps: epsilon } = c;
    return mambaMixer({
      width: c.hidden_size,
      inner: c.intermediate_size ?? c.expand * c.hidden_size,
      stateDim: c.state_size,
      rank: timeStepRank(c.time_step_rank, c.hidden_size),
      kernel: c.conv_kernel,
      activation: c.hidden_act,
      bias: c.use_bias,
      convolutionBias: c.use_conv_bias,
      ...(epsilon === undefined ? {} : { norm: (width: number) => plainNorm(width, epsilon) }),
    });
  });

const mamba2Body = (c: Values<typeof mamba2Keys>): Decoder =>
  body(c, () =>
    mamba2Mixer({
      width: c.hidden_size,
      inner: c.expand * c.hidden_size,
      heads: c.num_heads,
      stateDim: c.state_size,
      groups: c.n_groups,
      chunk: c.chunk_size,
      kernel: c.conv_kernel,
      activation: c.hidden_act,
      bias: c.use_bias,
      convolutionBias: c.use_conv_bias,
      epsilon: c.layer_norm_epsilon,
      stepLimits: stepLimits(c.time_step_limit),
    }),
  );

function architectures<C extends { readonly tie_word_embeddings: boolean }>(
  prefix: string,
  of: (config: C) => Decoder,
) {
  return {
    [`${prefix}Model`]: (c: C) => ({
      root: { ...of(c).block, role: 'model' as const },
      inputs: tokenInput(),
    }),
    [`${prefix}ForCausalLM`]: (c: C) => {
      const made = of(c);
      const head = vocabularyHead(made, c.tie_word_embeddings);
      return { root: headed('backbone', made, 'lm_head', head), inputs: tokenInput() };
    },
  };
}

export const mamba = family({
  modelType: 'mamba',
  keys: mambaKeys,
  base: 'MambaModel',
  initializerRange: (c) => c.initializer_range,
  architectures: architectures('Mamba', (c: Values<typeof mambaKeys>) => mambaBody(c)),
});

export const falconMamba = family({
  modelType: 'falcon_mamba',
  keys: falconKeys,
  base: 'FalconMambaModel',
  initializerRange: (c) => c.initializer_range,
  architectures: architectures('FalconMamba', (c: Values<typeof falconKeys>) => mambaBody(c)),
});

export const mamba2 = family({
  modelType: 'mamba2',
  keys: mamba2Keys,
  base: 'Mamba2Model',
  initializerRange: (c) => c.initializer_range,
  check: (c, checks) =>
    checks.multiple('num_heads', c.num_heads * c.head_dim, 'hidden_size', c.hidden_size * c.expand),
  architectures: architectures('Mamba2', mamba2Body),
});
