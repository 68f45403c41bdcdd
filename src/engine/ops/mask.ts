/** Which keys a query sees, as a range: every pattern so far is one. */
import type { MaskPattern } from '../../core/model/module';

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
