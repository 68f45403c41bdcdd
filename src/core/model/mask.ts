/** Masks of attention, in the vocabulary of a model. */

/** Which keys a query sees. `window` counts the query itself: key j is seen by query i when i − j < window. */
export type MaskPattern =
  | { readonly type: 'full' }
  | { readonly type: 'causal' }
  | { readonly type: 'slidingWindow'; readonly window: number }
  /** Key j is seen by query i when |i − j| ≤ radius (ModernBERT, Longformer). */
  | { readonly type: 'localWindow'; readonly radius: number }
  /** Causal inside of chunks: key j is seen by query i when j ≤ i and ⌊i / chunk⌋ = ⌊j / chunk⌋ (Llama 4). */
  | { readonly type: 'chunked'; readonly chunk: number }
  /**
   * Key j is seen by query i when |i − j| < block; computed in blocks, padded to whole ones, each with its two
   * neighbours (LongT5).
   */
  | { readonly type: 'localBlocks'; readonly block: number };
