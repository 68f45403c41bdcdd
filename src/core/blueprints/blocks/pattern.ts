/** Layers that differ in kind: `layer_types`, or the pattern that a class has where the config gives none. */
import { list } from '../../config/keys';
import type { MaskPattern } from '../../model/module';
import type { Checks } from '../family';

export const patternKeys = { layer_types: list() } as const;

/** Kinds of attention layers that every class takes. */
const LAYER_TYPES = [
  'full_attention',
  'sliding_attention',
  'chunked_attention',
  'window_attention',
  'indexed_attention',
  'compressed_sparse_attention',
  'heavily_compressed_attention',
  'minimax_m3_sparse',
  'conv',
  'moe',
  'hybrid',
  'hybrid_sliding',
  'linear_attention',
  // Names of earlier versions.
  'mamba',
  'attention',
  'deepseek_sparse_attention',
  'qwen_sparse_attention',
];

interface Layered {
  readonly layer_types: readonly unknown[] | undefined;
  readonly num_hidden_layers: number;
}

export function checkLayerTypes(c: Layered, checks: Checks): void {
  checks.entries('layer_types', c.layer_types, 'num_hidden_layers', c.num_hidden_layers, LAYER_TYPES);
}

/** Which layers have a sliding window: those that the config names so, else those of the class's pattern. */
export function slidingLayers(c: Layered, pattern: (layer: number) => boolean): boolean[] {
  const { layer_types: given } = c;
  return Array.from({ length: c.num_hidden_layers }, (_, layer) =>
    given === undefined ? pattern(layer) : given[layer] === 'sliding_attention',
  );
}

/** A causal mask, behind a window where there is one. */
export function causalMask(window: number | null | undefined): MaskPattern {
  return window === undefined || window === null ? { type: 'causal' } : { type: 'slidingWindow', window };
}
