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
  | { readonly type: 'localBlocks'; readonly block: number }
  /**
   * Key j is seen by query i when |i − j| ≤ radius, or when one of them is among the first `globals` tokens; computed in
   * chunks of 2·radius that overlap by half (Longformer).
   */
  | { readonly type: 'windowGlobal'; readonly radius: number; readonly globals: number }
  /**
   * Blocks of queries see the first and the last block of keys, their own with its neighbours, and `random` others; the
   * first and the last see all (BigBird). Of no more queries than `upTo` each sees all keys, or those before it.
   */
  | {
      readonly type: 'blockSparse';
      readonly block: number;
      readonly random: number;
      readonly upTo: number;
      readonly short: 'full' | 'causal';
    };
