/** Which keys a query sees, as a range: every pattern so far is one. */
import type { MaskPattern } from '../../../core/model/module';

/** Keys [from, to) that `query` sees. */
export function visibleKeys(mask: MaskPattern, query: number, keys: number): readonly [number, number] {
  switch (mask.type) {
    case 'full':
      return [0, keys];
    case 'causal':
      return [0, Math.min(query + 1, keys)];
    case 'slidingWindow':
      return [Math.max(0, query + 1 - mask.window), Math.min(query + 1, keys)];
    case 'localBlocks':
      return [Math.max(0, query + 1 - mask.block), Math.min(query + mask.block, keys)];
    case 'localWindow':
      return [Math.max(0, query - mask.radius), Math.min(query + 1 + mask.radius, keys)];
    case 'windowGlobal':
    case 'blockSparse':
      // Not one range: the plan refuses it.
      throw new Error(`the mask "${mask.type}" is no range of keys`);
    case 'chunked':
      return [query - (query % mask.chunk), Math.min(query + 1, keys)];
  }
}

/** Keys [from, to) of every query, [queries, 2]; undefined where each sees all. */
export function visibleRanges(mask: MaskPattern, queries: number, keys: number): Int32Array | undefined {
  if (mask.type === 'full') return undefined;
  const ranges = new Int32Array(2 * queries);
  for (let query = 0; query < queries; query++) ranges.set(visibleKeys(mask, query, keys), 2 * query);
  return ranges;
}
