/** What the mixtures of this folder have in common. */
import { queryKeyNorm, type Extras } from '../blocks/attention';
import { rmsNorm } from '../blocks/layers';
import type { QueryKeyNorm } from '../../model/module';

interface Heads {
  readonly num_attention_heads: number;
  readonly num_key_value_heads?: number | undefined;
  readonly rms_norm_eps: number;
}

/** RMSNorm of queries and keys, each head alone or all heads of a token together. */
export function normedHeads(
  c: Heads,
  over: QueryKeyNorm['over'],
  rotated = false,
): (headDim: number) => Extras {
  return (headDim) => ({
    queryKeyNorm: queryKeyNorm(
      (width) => rmsNorm(width, c.rms_norm_eps),
      over,
      {
        heads: c.num_attention_heads,
        keyValueHeads: c.num_key_value_heads ?? c.num_attention_heads,
        headDim,
      },
      rotated,
    ),
  });
}

/** Whether a layer has experts: as `mlp_layer_types` says, else from the layer `dense` on. */
export function sparseLayers(
  given: readonly unknown[] | undefined,
  dense: number,
): (layer: number) => boolean {
  return (layer) => (given === undefined ? layer >= dense : given[layer] === 'sparse');
}
