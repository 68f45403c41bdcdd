/** Pairs of query and key that a mask shows, and what it keeps in the cache. */
import type { Chunks, MaskPattern } from '../model/module';

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
    case 'nearChunks':
      return chunkPairs(mask, keys);
    case 'hashed':
      // Which keys are seen only the numbers tell.
      return Number(computedPairs(mask, queries, keys, 0).scores);
    case 'ownBlock':
      return ownBlockPairs(keys, mask.block);
    case 'windowGlobal': {
      const globals = Math.min(mask.globals, keys);
      const others = keys - globals;
      return 2 * globals * keys - globals ** 2 + (others > 0 ? nearbyPairs(mask.radius, others, others) : 0);
    }
    case 'blockSparse':
      return queries > mask.upTo
        ? sparsePairs(mask, queries)
        : visiblePairs({ type: mask.short }, queries, keys, past);
  }
}

/** As many keys on each side as the radius, less what the ends cut off. */
function nearbyPairs(radius: number, queries: number, keys: number): number {
  const side = Math.min(radius, keys - 1);
  return queries * (2 * side + 1) - side * (side + 1);
}

/** Squares of whole blocks, and of what is left. */
function ownBlockPairs(length: number, block: number): number {
  const rest = length % block;
  return (length - rest) * block + rest ** 2;
}

/** Pairs of whole chunks, each pair once. */
function chunkPairs({ chunk, before, after, causal }: Chunks, length: number): number {
  if (length <= chunk) return causal ? (length * (length + 1)) / 2 : length ** 2;
  const count = Math.ceil(length / chunk);
  // A ring shorter than a step has the chunk itself in its place.
  const steps = new Set<number>();
  for (let step = -Math.min(before, count); step <= Math.min(after, count); step++) {
    steps.add(Math.abs(step) < count ? (step + count) % count : 0);
  }
  if (!causal) return length * chunk * steps.size;
  // Of a step ahead only what comes round the ring is before the query.
  let pairs = 0;
  for (const step of steps) {
    pairs += step === 0 ? (count * chunk * (chunk + 1)) / 2 : step * chunk ** 2;
  }
  return pairs;
}

/** Pairs of whole blocks: the first and last row see all, their neighbours 4 blocks and the random ones, others 5. */
function sparsePairs({ block, random }: MaskPattern & { type: 'blockSparse' }, queries: number): number {
  const rows = queries / block;
  return block ** 2 * (2 * rows + 2 * (4 + random) + (rows - 4) * (5 + random));
}

/** Whether a query sees keys that come after it: then no cache serves for a token to come. */
export function seesAhead(mask: MaskPattern): boolean {
  switch (mask.type) {
    case 'full':
    case 'localBlocks':
    case 'localWindow':
    case 'ownBlock':
    case 'windowGlobal':
      return true;
    case 'nearChunks':
    case 'hashed':
      return !mask.causal;
    case 'blockSparse':
      return mask.short === 'full';
    default:
      return false;
  }
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

/** Pairs of query and key whose products are computed: for their score, and to weigh the key's value. */
export interface ComputedPairs {
  readonly scores: bigint;
  readonly weights: bigint;
}

/** @param beside keys that every query has besides; blocks and chunks are padded whole. */
export function computedPairs(
  mask: MaskPattern,
  queries: number,
  keys: number,
  beside: number,
): ComputedPairs {
  const both = (pairs: bigint): ComputedPairs => ({ scores: pairs, weights: pairs });
  if (mask.type === 'localBlocks') {
    const padded = Math.ceil(queries / mask.block) * mask.block;
    return both(BigInt(padded) * BigInt(3 * mask.block + beside));
  }
  if ((mask.type === 'nearChunks' || mask.type === 'hashed') && queries > mask.chunk) {
    const rounds = mask.type === 'hashed' ? mask.rounds : 1;
    return both(BigInt(rounds * queries) * BigInt(mask.chunk * (mask.before + 1 + mask.after)));
  }
  if (mask.type === 'ownBlock') return both(BigInt(ownBlockPairs(queries, mask.block)));
  if (mask.type === 'windowGlobal') {
    // Chunks of queries with chunks of keys; then each half chunk of weights with itself and its neighbours.
    const [length, radius] = [BigInt(queries), BigInt(mask.radius)];
    // Each query with the global keys; then the global queries anew, with every key.
    const global = 2n * length * BigInt(Math.min(mask.globals, keys));
    return {
      scores: (length / radius - 1n) * 4n * radius ** 2n + global,
      weights: length * 3n * radius + global,
    };
  }
  if (mask.type === 'blockSparse' && queries > mask.upTo) return both(BigInt(sparsePairs(mask, queries)));
  return both(BigInt(queries) * BigInt(keys + beside));
}
