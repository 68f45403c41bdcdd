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
  /** Both in one block: key j is seen by query i when ⌊i / block⌋ = ⌊j / block⌋ (CANINE). */
  | { readonly type: 'ownBlock'; readonly block: number }
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
    }
  /** A query sees its chunk and those around it (Reformer's local attention). */
  | ({ readonly type: 'nearChunks' } & Chunks)
  /**
   * Tokens are sorted by hash buckets, `rounds` times, and see those near them in that order (Reformer). Where `buckets`
   * are left out, there are as many as the length asks for; factors multiply. `seed` is that of the rotations: the
   * class, where its config has none, draws others with every call.
   */
  | ({
      readonly type: 'hashed';
      readonly rounds: number;
      readonly buckets?: number | readonly number[];
      readonly positions: number;
      readonly seed: number;
    } & Chunks);

/** A sequence in equal parts, each with some of those around it; behind the last one the first comes again. */
export interface Chunks {
  readonly chunk: number;
  readonly before: number;
  readonly after: number;
  /** Sequences longer than `above` are filled up to a multiple of this. */
  readonly multiple: number;
  readonly above: number;
  readonly causal: boolean;
}

/** Numbers of directions, whose product is that of the buckets. The class computes them where the config has none. */
export function bucketFactors(
  { buckets, chunk, positions }: MaskPattern & { type: 'hashed' },
  padded: number,
): readonly number[] {
  if (buckets !== undefined) return typeof buckets === 'number' ? [buckets] : buckets;
  const exponent = Math.floor(Math.log2(2 * Math.floor(padded / chunk)));
  const limit = 2 * Math.max(Math.floor(Math.sqrt(Math.floor(positions / chunk))), chunk);
  if (2 ** exponent <= limit) return [2 ** exponent];
  const half = Math.floor(exponent / 2);
  return [2 ** half, 2 ** (exponent - half)];
}
