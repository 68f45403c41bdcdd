/** LFM2 (Liquid AI 2025): gated short convolutions, with attention in some layers. */
import { tie } from '../../config/common';
import { any, depth, flag, list, optionalSize, real, size, type Values } from '../../config/keys';
import { block } from '../../model/build';
import type { Attention, Block, Module } from '../../model/module';
import { groupedQueryAttention, queryKeyNorm } from '../blocks/attention';
import {
  decoder,
  decoderArchitectures,
  GENERATION_ONLY,
  headDimension,
  type Decoder,
} from '../blocks/decoder';
import { linear, mlp, rmsNorm } from '../blocks/layers';
import { gatedConvolution } from '../blocks/mixer';
import { checkLayerTypes, patternKeys } from '../blocks/pattern';
import { sequential } from '../blocks/residual';
import { rotary, rotaryKeys } from '../blocks/rotary';
import { family } from '../family';

const keys = {
  vocab_size: size(65536),
  hidden_size: size(2560, { role: 'width' }),
  intermediate_size: size(12288),
  block_ff_dim: optionalSize(),
  num_hidden_layers: depth(32),
  num_attention_heads: size(32),
  num_key_value_heads: size(8, { role: 'keyValueHeads' }),
  head_dim: optionalSize(),
  max_position_embeddings: size(128000),
  initializer_range: real(0.02),
  norm_eps: real(1e-5),
  tie_word_embeddings: tie(true),
  tie_embedding: any(),
  conv_bias: flag(false),
  conv_L_cache: size(3),
  block_multiple_of: size(256),
  block_ffn_dim_multiplier: real(1),
  block_auto_adjust_ff_dim: flag(true),
  full_attn_idxs: list(),
  ...patternKeys,
  ...rotaryKeys,
} as const;

/** Two thirds of the size given, times a factor, rounded up; or the size itself. */
function innerSize(c: Values<typeof keys>): number {
  const given = c.block_ff_dim ?? c.intermediate_size;
  if (!c.block_auto_adjust_ff_dim) return given;
  const scaled = Math.trunc(c.block_ffn_dim_multiplier * Math.trunc((2 * given) / 3));
  return c.block_multiple_of * Math.floor((scaled + c.block_multiple_of - 1) / c.block_multiple_of);
}

function body(c: Values<typeof keys>): Decoder {
  const width = c.hidden_size;
  const norm = (of = width) => rmsNorm(of, c.norm_eps);
  const headDim = headDimension(c);
  const angles = rotary(c, { dim: headDim, defaultTheta: 1e6, positions: c.max_position_embeddings });
  const attention = () => {
    const shape = {
      heads: c.num_attention_heads,
      keyValueHeads: c.num_key_value_heads,
      headDim,
      mask: { type: 'causal' },
      position: { type: 'rotary', rotary: angles },
    } as const;
    const extras = { queryKeyNorm: queryKeyNorm(norm, 'head', shape) };
    const names = { queryNorm: 'q_layernorm', keyNorm: 'k_layernorm', output: 'out_proj' };
    return groupedQueryAttention(width, { ...shape, extras }, false, false, names);
  };
  const inner = innerSize(c);
  const attends = (index: number) =>
    c.layer_types === undefined
      ? (c.full_attn_idxs?.includes(index) ?? true)
      : c.layer_types[index] === 'full_attention';
  const layer = (index: number): Block => {
    const mixer: Attention | Block = attends(index)
      ? attention()
      : gatedConvolution(width, c.conv_L_cache, c.conv_bias);
    const feedForward = mlp(
      'silu',
      {
        gate: linear(width, inner, { bias: false }),
        up: linear(width, inner, { bias: false }),
        down: linear(inner, width, { bias: false }),
      },
      { gate: 'w1', up: 'w3', down: 'w2' },
    );
    const norms = { operator_norm: norm(), ffn_norm: norm() };
    const children: Record<string, Module> = {
      [attends(index) ? 'self_attn' : 'conv']: mixer,
      feed_forward: feedForward,
      ...norms,
    };
    return block('layer', children, (trace, x) =>
      sequential(trace, x, [norms.operator_norm, mixer], [norms.ffn_norm, feedForward]),
    );
  };
  return decoder({
    vocabulary: c.vocab_size,
    width,
    layers: Array.from({ length: c.num_hidden_layers }, (_, index) => layer(index)),
    norm: norm(),
    normName: 'embedding_norm',
    rotary: angles,
  });
}

export const lfm2 = family({
  modelType: 'lfm2',
  keys,
  base: 'Lfm2Model',
  // An older key says whether the head is tied, too.
  nested: (_config, _families, c) => ({
    tie_word_embeddings: typeof c.tie_embedding === 'boolean' ? c.tie_embedding : c.tie_word_embeddings,
  }),
  initializerRange: (c) => c.initializer_range,
  check: checkLayerTypes,
  architectures: decoderArchitectures('Lfm2', body, undefined, { without: GENERATION_ONLY }),
});
