/** Sharing as it is drawn: an edge between boxes that share, a badge on a box inside which it happens. */
import type { SharedThing } from '../../src/core/sharing/graph';
import { nearestSeen, type Outline } from './outline';
import type { Layout } from './layout';

export type Mark = SharedThing['mark'];

export const marks: readonly Mark[] = ['tiedTensor', 'repeatedModule', 'groupedHeads', 'broadcast'];

/** Marks that are drawn at first; a weight used at every position is in nearly every module. */
export const usualMarks: readonly Mark[] = ['tiedTensor', 'repeatedModule', 'groupedHeads'];

export interface TieEdge {
  readonly thing: SharedThing;
  readonly from: string;
  readonly to: string;
  readonly path: string;
  /** Where its badge stands. */
  readonly x: number;
  readonly y: number;
}

export interface TieBadge {
  readonly mark: Mark;
  readonly node: string;
  readonly things: readonly SharedThing[];
}

export interface Ties {
  readonly edges: readonly TieEdge[];
  readonly badges: readonly TieBadge[];
}

export function tiesOf(
  shared: readonly SharedThing[],
  shown: readonly Mark[],
  outline: Outline,
  layout: Layout,
): Ties {
  const seen = new Set(layout.boxes.keys());
  const edges: TieEdge[] = [];
  const badges = new Map<string, { mark: Mark; node: string; things: SharedThing[] }>();
  for (const thing of shared) {
    if (!shown.includes(thing.mark)) continue;
    const nodes = new Set(thing.nodes.flatMap((id) => nearestSeen(outline, id, seen) ?? []));
    const [first, ...others] = nodes;
    if (first === undefined) continue;
    for (const other of others) edges.push(edgeOf(thing, first, other, layout, edges.length));
    if (others.length > 0) continue;
    const key = `${thing.mark} ${first}`;
    const badge = badges.get(key);
    if (badge === undefined) badges.set(key, { mark: thing.mark, node: first, things: [thing] });
    else badge.things.push(thing);
  }
  return { edges, badges: [...badges.values()] };
}

/** Out of the right side of one box and into the right side of the other, beside everything between them. */
function edgeOf(thing: SharedThing, from: string, to: string, { boxes }: Layout, index: number): TieEdge {
  const a = boxes.get(from)!;
  const b = boxes.get(to)!;
  const start = { x: a.x + a.width, y: a.y + Math.min(a.height / 2, 17) };
  const end = { x: b.x + b.width, y: b.y + Math.min(b.height / 2, 17) };
  const top = Math.min(start.y, end.y);
  const bottom = Math.max(start.y, end.y);
  let right = Math.max(start.x, end.x);
  for (const box of boxes.values()) {
    const between = box.y < bottom && box.y + box.height > top;
    const holdsBoth =
      box.y <= top && box.y + box.height >= bottom && box.x <= Math.min(start.x, end.x) && box.open;
    if (between && !holdsBoth) right = Math.max(right, box.x + box.width);
  }
  const x = right + 28 + (index % 6) * 10;
  const r = Math.min(12, Math.abs(end.y - start.y) / 2);
  const down = end.y >= start.y ? 1 : -1;
  const path =
    `M${start.x} ${start.y}H${x - r}Q${x} ${start.y} ${x} ${start.y + down * r}` +
    `V${end.y - down * r}Q${x} ${end.y} ${x - r} ${end.y}H${end.x}`;
  return { thing, from, to, path, x, y: (start.y + end.y) / 2 };
}
