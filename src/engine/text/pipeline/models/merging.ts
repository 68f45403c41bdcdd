/** Merges neighbours by rank, the leftmost of equal rank first, in n log n steps. */

export interface Merges {
  /** Rank by `pairKey`. */
  readonly ranks: ReadonlyMap<number, number>;
  /** The id that a rank's pair becomes. */
  readonly results: Int32Array;
}

/** Symbols of a piece in units [start, end); an id of −1 was merged into the one before it. */
export interface Symbols {
  readonly ids: number[];
  readonly starts: number[];
  readonly ends: number[];
}

/** Ids are below 2²⁶. */
export function pairKey(first: number, second: number): number {
  return first * 2 ** 26 + second;
}

export function mergeAll({ ids, ends }: Symbols, { ranks, results }: Merges): void {
  const count = ids.length;
  const next = Int32Array.from({ length: count }, (_, i) => i + 1);
  const previous = Int32Array.from({ length: count }, (_, i) => i - 1);
  const queue = new Queue(count);
  const offer = (at: number): void => {
    const right = next[at]!;
    if (at < 0 || right >= count) return;
    const rank = ranks.get(pairKey(ids[at]!, ids[right]!));
    if (rank !== undefined) queue.push(rank, at);
  };
  for (let at = 0; at < count - 1; at++) offer(at);
  while (queue.size > 0) {
    const { rank, at } = queue.pop();
    const right = next[at]!;
    if (ids[at] === -1 || right >= count) continue;
    // What was offered may have been merged otherwise since.
    const now = ranks.get(pairKey(ids[at]!, ids[right]!));
    if (now === undefined || results[now] !== results[rank]) continue;
    ids[at] = results[rank]!;
    ends[at] = ends[right]!;
    ids[right] = -1;
    const after = next[right]!;
    next[at] = after;
    if (after < count) previous[after] = at;
    if (previous[at]! >= 0) offer(previous[at]!);
    offer(at);
  }
}

/** A binary heap of (rank, position), the smallest first. */
class Queue {
  private readonly items: number[] = [];

  /** @param count positions are below it. */
  constructor(private readonly count: number) {}

  get size(): number {
    return this.items.length;
  }

  push(rank: number, at: number): void {
    const { items } = this;
    const item = rank * this.count + at;
    let hole = items.push(item) - 1;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      if (items[parent]! <= item) break;
      items[hole] = items[parent]!;
      hole = parent;
    }
    items[hole] = item;
  }

  pop(): { rank: number; at: number } {
    const { items } = this;
    const top = items[0]!;
    const item = items.pop()!;
    if (items.length > 0) {
      let hole = 0;
      for (;;) {
        let child = 2 * hole + 1;
        if (child + 1 < items.length && items[child + 1]! < items[child]!) child++;
        if (child >= items.length || items[child]! >= item) break;
        items[hole] = items[child]!;
        hole = child;
      }
      items[hole] = item;
    }
    return { rank: Math.floor(top / this.count), at: top % this.count };
  }
}
