/** Pairs of query and key that a mask shows, and what it keeps in the cache. */
import type { MaskPattern } from '../model/module';

/** (query, key) pairs that the mask shows, of `queries` that stand behind `past` tokens; exact. */
export function visiblePairs(mask: MaskPattern, queries: number, keys: number, past: number): number {
  switch (mask.type) {
    case 'full':
      return queries * keys;
    case 'causal':
      return queries * past + (queries * (queries + 1)) / 2;
    case 'slidingWindow': {
      // Query i (from 1) sees min(window, past + i) keys: a triangle until the window is full, then a band.
      const growing = Math.max(0, Math.min(queries, mask.window - past));
      return growing * past + (growing * (growing + 1)) / 2 + (queries - growing) * mask.window;
    }
    case 'localBlocks':
      return nearbyPairs(mask.block - 1, queries, keys);
    case 'localWindow':
      return nearbyPairs(mask.radius, queries, keys);
    case 'chunked':
      return chunkedPairs(past + queries, mask.chunk) - chunkedPairs(past, mask.chunk);
  }
}

/** As many keys on each side as the radius, less what the ends cut off. */
function nearbyPairs(radius: number, queries: number, keys: number): number {
  const side = Math.min(radius, keys - 1);
  return queries * (2 * side + 1) - side * (side + 1);
}

/** Whether a query sees keys that come after it: then no cache serves for a token to come. */
export function seesAhead({ type }: MaskPattern): boolean {
  return type === 'full' || type === 'localBlocks' || type === 'localWindow';
}

/** Pairs that the first `tokens` queries see inside of their chunks. */
function chunkedPairs(tokens: number, chunk: number): number {
  const rest = tokens % chunk;
  return (((tokens - rest) / chunk) * chunk * (chunk + 1)) / 2 + (rest * (rest + 1)) / 2;
}

/** Keys that are in the cache for a token to come: a sliding window keeps those that the token sees beside itself. */
export function pastKeys(mask: MaskPattern, past: number): number {
  if (seesAhead(mask)) return 0;
  if (mask.type === 'chunked') return past % mask.chunk;
  return mask.type === 'slidingWindow' ? Math.min(past, mask.window - 1) : past;
}

/** Queries and keys whose products are computed, with `beside` keys that every query has; blocks are padded whole. */
export function computedKeys(
  mask: MaskPattern,
  queries: number,
  keys: number,
  beside: number,
): readonly [queries: number, keys: number] {
  if (mask.type !== 'localBlocks') return [queries, keys + beside];
  return [Math.ceil(queries / mask.block) * mask.block, 3 * mask.block + beside];
}
