/** Sharing as it is drawn: an edge between boxes that share, a badge on a box inside which it happens. */
import type { SharedThing } from '../../src/core/sharing/graph';
import { nearestSeen, type Outline } from './outline';
import type { Point } from './arrange';
import type { Box, Layout } from './layout';
import type { Region } from './region';

export type Mark = SharedThing['mark'];

export const marks: readonly Mark[] = ['tiedTensor', 'repeatedModule', 'groupedHeads', 'broadcast'];

/** Marks that are drawn at first; a weight used at every position is in nearly every module. */
export const usualMarks: readonly Mark[] = ['tiedTensor', 'repeatedModule', 'groupedHeads'];

export interface TieEdge {
  readonly thing: SharedThing;
  readonly from: string;
  readonly to: string;
  /** On the edges of the two boxes. */
  readonly ends: readonly [Point, Point];
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

/** Where a tie leaves a box, and how high it then runs to the lane beside the model. */
interface Exit {
  readonly start: Point;
  readonly y: number;
}

/** Out of one box, along a lane beside everything between, and into the other box. */
function edgeOf(thing: SharedThing, from: string, to: string, { boxes }: Layout, index: number): TieEdge {
  const all = [...boxes.values()];
  const a = boxes.get(from)!;
  const b = boxes.get(to)!;
  const out = exitOf(a, b, all, index);
  const into = exitOf(b, a, all, index);
  const top = Math.min(out.y, into.y);
  const bottom = Math.max(out.y, into.y);
  let right = Math.max(a.x + a.width, b.x + b.width);
  for (const box of all) {
    const between = box.y < bottom && box.y + box.height > top;
    if (between && !(holds(box, a) && holds(box, b))) right = Math.max(right, box.x + box.width);
  }
  const x = right + 28 + (index % 6) * 10;
  const path = rounded([
    out.start,
    { x: out.start.x, y: out.y },
    { x, y: out.y },
    { x, y: into.y },
    { x: into.start.x, y: into.y },
    into.start,
  ]);
  return { thing, from, to, ends: [out.start, into.start], path, x, y: (top + bottom) / 2 };
}

/**
 * Out at the right side where nothing stands in the way; otherwise at the lower or upper edge and along a gap between
 * the boxes beside, so that no tie runs through a box that it is not about.
 */
function exitOf(box: Box, other: Box, all: readonly Box[], index: number): Exit {
  const right = box.x + box.width;
  const middle = box.y + Math.min(box.height / 2, 17);
  const aside = { start: { x: right, y: middle }, y: middle };
  const inTheWay = all.filter((one) => !holds(one, box) && !holds(box, one)).map(extentOf);
  const isClear = (x: number, top: number, bottom: number, toRight: number): boolean =>
    !inTheWay.some(
      (one) =>
        one.x < toRight + clearance &&
        one.x + one.width > x - clearance &&
        one.y < bottom + clearance &&
        one.y + one.height > top - clearance,
    );
  if (isClear(right + 2 * clearance, middle, middle, Infinity)) return aside;
  const x = box.x + (box.width * 2) / 3 - (index % 3) * 8;
  const gap = 10 + (index % 3) * 4;
  const beside = [extentOf(box), ...inTheWay.filter((one) => one.x + one.width > x)];
  const nearest = (edge: number, heights: readonly number[]): readonly Exit[] =>
    heights
      .filter((y) => isClear(x, Math.min(edge, y), Math.max(edge, y), x) && isClear(x, y, y, Infinity))
      .sort((one, two) => Math.abs(one - edge) - Math.abs(two - edge))
      .slice(0, 1)
      .map((y) => ({ start: { x, y: edge }, y }));
  const bottom = box.y + box.height;
  const below = beside.map((one) => one.y + one.height + gap).filter((y) => y > bottom);
  const above = beside.map((one) => one.y - gap).filter((y) => y < box.y);
  const ways = [...nearest(bottom, below), ...nearest(box.y, above)];
  const length = ({ start, y }: Exit): number => Math.abs(y - start.y) + Math.abs(other.y - y);
  return ways.sort((one, two) => length(one) - length(two))[0] ?? aside;
}

/** Least distance of a tie to a box that it passes. */
const clearance = 3;

function holds(outer: Box, inner: Box): boolean {
  return (
    outer.x <= inner.x &&
    outer.y <= inner.y &&
    outer.x + outer.width >= inner.x + inner.width &&
    outer.y + outer.height >= inner.y + inner.height
  );
}

/** A box with the stack behind a folded one. */
function extentOf({ node, x, y, width, height }: Box): Region {
  const stack = node.count > 1 ? 8 : 0;
  return { x, y: y - stack, width: width + stack, height: height + stack };
}

/** A way along the axes with round corners. */
function rounded(way: readonly Point[]): string {
  const points = way.filter(({ x, y }, index) => {
    const before = way[index - 1];
    return before === undefined || before.x !== x || before.y !== y;
  });
  let path = '';
  points.forEach((at, index) => {
    const before = points[index - 1];
    const after = points[index + 1];
    if (before === undefined || after === undefined) {
      path += `${before === undefined ? 'M' : 'L'}${at.x} ${at.y}`;
      return;
    }
    const r = Math.min(12, distance(before, at) / 2, distance(at, after) / 2);
    const near = towards(at, before, r);
    const far = towards(at, after, r);
    path += `L${near.x} ${near.y}Q${at.x} ${at.y} ${far.x} ${far.y}`;
  });
  return path;
}

function distance(a: Point, b: Point): number {
  return Math.abs(a.x - b.x) + Math.abs(a.y - b.y);
}

/** From a point `by` along an axis to another. */
function towards(from: Point, to: Point, by: number): Point {
  return { x: from.x + Math.sign(to.x - from.x) * by, y: from.y + Math.sign(to.y - from.y) * by };
}
