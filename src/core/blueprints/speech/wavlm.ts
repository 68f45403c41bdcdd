/** WavLM's attention (Chen et al. 2021): relative positions whose share each query sets for itself. */
import { parameter } from '../../model/build';
import type { Attention, Module } from '../../model/module';
import { embedding, linear } from '../blocks/layers';
import { squareAttention } from '../blocks/transformer';
import type { WaveConfig } from './waves';

/** A layer each; the table stands in the first one. */
export function gatedAttentions(c: WaveConfig, buckets: number, maxDistance: number): Attention[] {
  const table = embedding('positions', buckets, c.num_attention_heads);
  const headDim = Math.floor(c.hidden_size / c.num_attention_heads);
  const shape = {
    width: c.hidden_size,
    heads: c.num_attention_heads,
    intermediate: c.intermediate_size,
    activation: c.hidden_act,
    norm: 'post',
  } as const;
  return Array.from({ length: c.num_hidden_layers }, (_, index) => {
    const project = linear(headDim, 8);
    const scale = parameter(1, c.num_attention_heads, 1, 1);
    const made = squareAttention(
      {
        ...shape,
        position: {
          type: 'relativeBuckets',
          table: table.weight,
          buckets,
          maxDistance,
          bidirectional: true,
          gate: { project, scale },
        },
      },
      'self',
    );
    const first: Record<string, Module> = index === 0 ? { rel_attn_embed: table } : {};
    return {
      ...made,
      parameters: { gru_rel_pos_const: scale },
      children: { ...made.children, gru_rel_pos_linear: project, ...first },
    };
  });
}
