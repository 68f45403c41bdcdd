/** Lays out the inside of one module: its children in layers along the data's way, by dagre. */
import { Graph, layout } from '@dagrejs/dagre';

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface BoxSize {
  readonly width: number;
  readonly height: number;
}

/** From one child to another, by index; `module` is the module itself: its input as a source, its output as a target. */
export type InnerEdge = readonly [from: number, to: number];

export const module = -1;

/** A module's inside, from its upper left corner. */
export interface Arrangement {
  readonly size: BoxSize;
  /** Upper left corners of the children. */
  readonly children: readonly Point[];
  /** Ways of the edges, in the order given. */
  readonly edges: readonly (readonly Point[])[];
}

/** Height of an open module's heading. */
export const heading = 34;
const padding = 16;
const separation = { node: 22, rank: 28 };
/** Boxes that no data edge reaches are set in lines of about this width. */
const lineWidth = 720;

const known = new Map<string, Arrangement>();
const limit = 1000;

/**
 * Arranges children of `sizes`; the module is at least `width` wide. Modules that look alike inside are arranged once,
 * so opening a node only costs the modules around it.
 */
export function arrange(sizes: readonly BoxSize[], edges: readonly InnerEdge[], width: number): Arrangement {
  const key = JSON.stringify([sizes.map((size) => [size.width, size.height]), edges, width]);
  let arrangement = known.get(key);
  if (arrangement === undefined) {
    arrangement = arranged(sizes, edges, width);
    if (known.size >= limit) known.clear();
    known.set(key, arrangement);
  }
  return arrangement;
}

function arranged(sizes: readonly BoxSize[], edges: readonly InnerEdge[], width: number): Arrangement {
  const reached = new Set(edges.flat());
  const indices = [...sizes.keys()];
  const flow = flowOf(
    sizes,
    indices.filter((index) => reached.has(index)),
    edges,
  );
  const loose = indices.filter((index) => !reached.has(index));
  const lines = linesOf(sizes, loose, Math.max(flow.size.width, lineWidth));

  const content = Math.max(flow.size.width, lines.size.width, width - 2 * padding);
  const flowAt = { x: padding + (content - flow.size.width) / 2, y: heading };
  const gap = flow.size.height > 0 && loose.length > 0 ? separation.rank : 0;
  const linesAt = { x: padding + (content - lines.size.width) / 2, y: heading + flow.size.height + gap };
  const size = { width: content + 2 * padding, height: linesAt.y + lines.size.height + padding };

  const children = indices.map((index) => {
    const inFlow = flow.at.get(index);
    return inFlow === undefined ? moved(lines.at.get(index)!, linesAt) : moved(inFlow, flowAt);
  });
  // Data comes in below the heading and goes out at the lower edge, both in the middle, where the edges outside end.
  const middle = size.width / 2;
  const ways = edges.map(([from, to], index) => {
    const way = flow.ways[index]!.map((point) => moved(point, flowAt));
    if (from === module) way[0] = { x: middle, y: heading - 4 };
    if (to === module) way[way.length - 1] = { x: middle, y: size.height };
    return way;
  });
  return { size, children, edges: ways };
}

function moved({ x, y }: Point, by: Point): Point {
  return { x: x + by.x, y: y + by.y };
}

interface Part {
  readonly size: BoxSize;
  readonly at: ReadonlyMap<number, Point>;
}

function flowOf(
  sizes: readonly BoxSize[],
  indices: readonly number[],
  edges: readonly InnerEdge[],
): Part & { readonly ways: readonly (readonly Point[])[] } {
  if (indices.length === 0)
    return { size: { width: 0, height: 0 }, at: new Map(), ways: edges.map(() => []) };
  const graph = new Graph({ multigraph: true });
  graph.setGraph({
    rankdir: 'TB',
    nodesep: separation.node,
    edgesep: 14,
    ranksep: separation.rank,
    ranker: indices.length > 300 ? 'longest-path' : 'network-simplex',
  });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const index of indices) graph.setNode(String(index), { ...sizes[index]! });
  const port = { width: 1, height: 1 };
  if (edges.some(([from]) => from === module)) graph.setNode('input', { ...port });
  if (edges.some(([, to]) => to === module)) graph.setNode('output', { ...port });
  const source = (index: number): string => (index === module ? 'input' : String(index));
  const target = (index: number): string => (index === module ? 'output' : String(index));
  for (const [from, to] of edges) graph.setEdge(source(from), target(to));
  layout(graph);

  const centre = (name: string): Point & BoxSize => graph.node(name) as Point & BoxSize;
  const { width, height } = graph.graph() as BoxSize;
  if (isBackwards(indices.map((index) => centre(String(index))))) mirror(graph, width);
  return {
    size: { width, height },
    at: new Map(
      indices.map((index) => {
        const box = centre(String(index));
        return [index, { x: box.x - box.width / 2, y: box.y - box.height / 2 }];
      }),
    ),
    ways: edges.map(([from, to]) => {
      const { points } = graph.edge(source(from), target(to)) as { readonly points: readonly Point[] };
      return upright(points, centre(source(from)), centre(target(to)));
    }),
  };
}

/** Whether boxes side by side stand in the reverse of their order more often than in it (value, key, query). */
function isBackwards(boxes: readonly Point[]): boolean {
  let forwards = 0;
  boxes.forEach((box, index) => {
    const next = boxes.slice(index + 1).find(({ y }) => y === box.y);
    if (next !== undefined) forwards += Math.sign(next.x - box.x);
  });
  return forwards < 0;
}

interface Movable {
  x: number;
}

/** Turns a layout's left into its right. */
function mirror(graph: Graph, width: number): void {
  const flip = (point: Movable): void => {
    point.x = width - point.x;
  };
  for (const name of graph.nodes()) flip(graph.node(name) as Movable);
  for (const edge of graph.edges()) {
    for (const point of (graph.edge(edge) as { readonly points: readonly Movable[] }).points) flip(point);
  }
}

/** An edge that leaves at the lower side of its source and arrives at the upper side of its target. */
function upright(points: readonly Point[], from: Point & BoxSize, to: Point & BoxSize): Point[] {
  const within = (x: number, box: Point & BoxSize): number => {
    const half = Math.max(0, box.width / 2 - 12);
    return Math.min(box.x + half, Math.max(box.x - half, x));
  };
  const inner = points.slice(1, -1);
  const first = inner[0] ?? to;
  const last = inner[inner.length - 1] ?? from;
  return [
    { x: within(first.x, from), y: from.y + from.height / 2 },
    ...inner,
    { x: within(last.x, to), y: to.y - to.height / 2 },
  ];
}

function linesOf(sizes: readonly BoxSize[], indices: readonly number[], width: number): Part {
  const at = new Map<number, Point>();
  let x = 0;
  let y = 0;
  let line = 0;
  let widest = 0;
  for (const index of indices) {
    const size = sizes[index]!;
    if (x > 0 && x + size.width > width) {
      x = 0;
      y += line + separation.rank;
      line = 0;
    }
    at.set(index, { x, y });
    widest = Math.max(widest, x + size.width);
    x += size.width + separation.node;
    line = Math.max(line, size.height);
  }
  return { size: { width: widest, height: y + line }, at };
}
