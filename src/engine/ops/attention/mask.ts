/** Which keys a query sees. */
import type { Attention, Chunks, MaskPattern } from '../../../core/model/module';
import type { AttendTask } from '../../kernels/kernels';
import { chunksAround, oneChunk, paddedLength } from './chunks';

/** Keys [from, to). */
export type Span = readonly [from: number, to: number];

/** Keys of a self attention over `tokens`: these, and after them what stands for several (LongT5). */
export function keyCount({ summaries }: Pick<Attention, 'summaries'>, tokens: number): number {
  return tokens + (summaries === undefined ? 0 : Math.floor(tokens / summaries.tokens));
}

/** Keys that `query` sees: spans in order, apart from each other, none of them empty. */
export function visibleSpans(
  { mask, summaries }: Pick<Attention, 'mask' | 'summaries'>,
  query: number,
  queries: number,
  keys: number,
): Span[] {
  if (summaries === undefined) return patternSpans(mask, query, keys);
  return merged([...patternSpans(mask, query, queries), [queries, keys]]);
}

function patternSpans(mask: MaskPattern, query: number, keys: number): Span[] {
  switch (mask.type) {
    case 'windowGlobal': {
      const { radius, globals } = mask;
      if (query < globals) return [[0, keys]];
      return merged([
        [0, Math.min(globals, keys)],
        [Math.max(0, query - radius), Math.min(query + 1 + radius, keys)],
      ]);
    }
    case 'nearChunks':
      return chunkSpans(mask, query, keys);
    case 'hashed':
      // Which of them, only the numbers tell: the others have nothing.
      return [[0, mask.causal ? query + 1 : keys]];
    case 'blockSparse':
      return keys > mask.upTo
        ? blockSpans(mask.block, query, keys)
        : [visibleKeys({ type: mask.short }, query, keys)];
    default:
      return [visibleKeys(mask, query, keys)];
  }
}

/**
 * BigBird's blocks: the first and the last, the query's own and its neighbours. Outside of training its random
 * blocks are all the first one, which is seen so much the more (`repeatedBlock`).
 */
function blockSpans(block: number, query: number, keys: number): Span[] {
  const last = Math.ceil(keys / block) - 1;
  const own = Math.floor(query / block);
  if (own === 0 || own === last) return [[0, keys]];
  return merged([
    [0, block],
    [(own - 1) * block, Math.min(keys, (own + 2) * block)],
    [last * block, keys],
  ]);
}

/** The query's chunk and those around it, in a ring. */
function chunkSpans(mask: Chunks, query: number, keys: number): Span[] {
  const end = mask.causal ? query + 1 : keys;
  if (oneChunk(mask, keys)) return [[0, end]];
  const { chunk } = mask;
  const around = chunksAround(mask, Math.floor(query / chunk), paddedLength(mask, keys) / chunk);
  const spans = around.map((each): Span => [each * chunk, Math.min((each + 1) * chunk, end)]);
  return merged(spans.sort(([a], [b]) => a - b));
}

/** Spans in order of where they begin, those that touch as one. */
function merged(spans: readonly Span[]): Span[] {
  const out: [number, number][] = [];
  for (const [from, to] of spans) {
    const before = out.at(-1);
    if (from >= to) continue;
    if (before !== undefined && from <= before[1]) before[1] = Math.max(before[1], to);
    else out.push([from, to]);
  }
  return out;
}

/** Keys [from, to) that `query` sees of a pattern that shows one range. */
export function visibleKeys(mask: MaskPattern, query: number, keys: number): Span {
  switch (mask.type) {
    case 'full':
      return [0, keys];
    case 'causal':
      return [0, Math.min(query + 1, keys)];
    case 'slidingWindow':
      return [Math.max(0, query + 1 - mask.window), Math.min(query + 1, keys)];
    case 'localBlocks':
      return [Math.max(0, query + 1 - mask.block), Math.min(query + mask.block, keys)];
    case 'ownBlock': {
      const from = query - (query % mask.block);
      return [from, Math.min(from + mask.block, keys)];
    }
    case 'localWindow':
      return [Math.max(0, query - mask.radius), Math.min(query + 1 + mask.radius, keys)];
    case 'chunked':
      return [query - (query % mask.chunk), Math.min(query + 1, keys)];
    default:
      throw new Error(`the mask "${mask.type}" is no range of keys`);
  }
}

/** What an attention's mask is to its task: ranges, and gaps in them where a query sees several spans. */
export function maskOf(
  module: Attention,
  queries: number,
  keys: number,
): Pick<AttendTask, 'visible'> & { readonly gaps?: NonNullable<AttendTask['fill']> } {
  if (module.mask.type === 'full' && module.summaries === undefined) return {};
  const visible = new Int32Array(2 * queries);
  let apart = false;
  for (let query = 0; query < queries; query++) {
    const spans = visibleSpans(module, query, queries, keys);
    visible.set([spans[0]?.[0] ?? 0, spans.at(-1)?.[1] ?? 0], 2 * query);
    apart ||= spans.length > 1;
  }
  if (!apart) return { visible };
  return {
    visible,
    gaps: (_, first, rows, { data, offset, stride }) => {
      for (let row = 0; row < rows; row++) {
        const at = offset + row * stride;
        const spans = visibleSpans(module, first + row, queries, keys);
        for (let i = 1; i < spans.length; i++) data.fill(-Infinity, at + spans[i - 1]![1], at + spans[i]![0]);
      }
    },
  };
}
