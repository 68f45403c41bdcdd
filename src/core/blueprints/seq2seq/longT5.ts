/** What LongT5 (Guo et al. 2021) does otherwise in its encoder: attention in blocks, and to summaries of blocks. */
import type { Attention } from '../../model/module';
import { embedding, rmsNorm } from '../blocks/layers';
import type { LocalAttention, T5Config } from './t5Keys';

/** `local`: a query's own block and its neighbours; `transient-global`: also the normed sums of every `tokens` tokens. */
export function longT5Attention(type: string, radius: number, tokens: number): LocalAttention {
  const mask = { type: 'localBlocks', block: radius + 1 } as const;
  return type === 'local'
    ? { name: 'LocalSelfAttention', mask }
    : { name: 'TransientGlobalSelfAttention', mask, summaries: tokens };
}

/** Adds summaries; their table of positions stands in the layer that has the other one. */
export function withSummaries(attention: Attention, c: T5Config, tokens: number): Attention {
  const norm = rmsNorm(c.d_model, c.layer_norm_epsilon);
  const table =
    attention.children['relative_attention_bias'] === undefined
      ? {}
      : {
          global_relative_attention_bias: embedding(
            'positions',
            c.relative_attention_num_buckets,
            c.num_heads,
            { deviation: c.initializer_factor * c.d_model ** -0.5 },
          ),
        };
  return {
    ...attention,
    summaries: { tokens, norm },
    children: { ...attention.children, ...table, global_input_layer_norm: norm },
  };
}
