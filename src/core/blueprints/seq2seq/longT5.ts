/** What LongT5 (Guo et al. 2021) does otherwise in its encoder: attention in blocks, and to summaries of blocks. */
import type { Attention } from '../../model/module';
import { embedding, rmsNorm } from '../blocks/layers';
import type { LocalAttention, T5Config } from './t5Keys';

/** `local`: a query's own block and its neighbours; `transient-global`: also the normed sums of every `tokens` tokens. */
export function longT5Attention(c: T5Config, type: string, radius: number, tokens: number): LocalAttention {
  const mask = { type: 'localBlocks', block: radius + 1 } as const;
  if (type === 'local') return { name: 'LocalSelfAttention', mask };
  const table = embedding('positions', c.relative_attention_num_buckets, c.num_heads, {
    deviation: c.initializer_factor * c.d_model ** -0.5,
  });
  return { name: 'TransientGlobalSelfAttention', mask, summaries: { tokens, table } };
}

/** Adds summaries; the table of their positions stands in the layer that has the other one. */
export function withSummaries(
  attention: Attention,
  c: T5Config,
  { tokens, table }: NonNullable<LocalAttention['summaries']>,
): Attention {
  const norm = rmsNorm(c.d_model, c.layer_norm_epsilon);
  const holds = attention.children['relative_attention_bias'] !== undefined;
  return {
    ...attention,
    summaries: { tokens, norm, table: table.weight },
    children: {
      ...attention.children,
      ...(holds ? { global_relative_attention_bias: table } : {}),
      global_input_layer_norm: norm,
    },
  };
}
