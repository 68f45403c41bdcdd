/**
 * Places what is seen: each open module is laid out by itself, from the inside out, and stands in its parent as a box of
 * the size that came out. Data edges run between siblings, so no layout needs to look across a module's border.
 */
import type { DataEdge, GraphNode } from '../../src/core/sharing/graph';
import { arrange, module, type Arrangement, type BoxSize, type Point } from './arrange';
import { childrenOf, type Outline } from './outline';

/** A node's box; x and y are its upper left corner in the picture. */
export interface Box extends Point {
  readonly node: GraphNode;
  readonly width: number;
  readonly height: number;
  readonly open: boolean;
  readonly hasChildren: boolean;
  readonly depth: number;
}

export interface PlacedEdge {
  readonly from: string;
  readonly to: string;
  readonly points: readonly Point[];
}

export interface Layout {
  /** Parents before their children. */
  readonly boxes: ReadonlyMap<string, Box>;
  readonly edges: readonly PlacedEdge[];
  readonly width: number;
  readonly height: number;
}

export function layOut(
  outline: Outline,
  data: readonly DataEdge[],
  open: ReadonlySet<string>,
  sizeOf: (node: GraphNode, open: boolean) => BoxSize,
): Layout {
  const edgesOf = edgesByModule(outline, data);
  const insides = new Map<string, Arrangement>();
  const isOpen = (id: string): boolean => open.has(id) && childrenOf(outline, id).length > 0;

  const measure = (node: GraphNode): BoxSize => {
    const own = sizeOf(node, isOpen(node.id));
    if (!isOpen(node.id)) return own;
    const children = childrenOf(outline, node.id);
    const indices = new Map(children.map(({ id }, index) => [id, index]));
    const edges = (edgesOf.get(node.id) ?? []).map(
      ({ from, to }) => [indices.get(from) ?? module, indices.get(to) ?? module] as const,
    );
    const inside = arrange(children.map(measure), edges, own.width);
    insides.set(node.id, inside);
    return inside.size;
  };
  const size = measure(outline.root);

  const boxes = new Map<string, Box>();
  const edges: PlacedEdge[] = [];
  const place = (node: GraphNode, at: Point, depth: number): void => {
    const inside = insides.get(node.id);
    const hasChildren = childrenOf(outline, node.id).length > 0;
    const own = inside?.size ?? sizeOf(node, false);
    boxes.set(node.id, { node, ...at, ...own, open: inside !== undefined, hasChildren, depth });
    if (inside === undefined) return;
    edgesOf.get(node.id)?.forEach(({ from, to }, index) => {
      edges.push({
        from,
        to,
        points: inside.edges[index]!.map(({ x, y }) => ({ x: x + at.x, y: y + at.y })),
      });
    });
    childrenOf(outline, node.id).forEach((child, index) => {
      const { x, y } = inside.children[index]!;
      place(child, { x: at.x + x, y: at.y + y }, depth + 1);
    });
  };
  place(outline.root, { x: 0, y: 0 }, 0);
  return { boxes, edges, ...size };
}

/** Edges under the module in which they run; a module itself may be a source (its input) or a target (its output). */
function edgesByModule(outline: Outline, data: readonly DataEdge[]): Map<string, DataEdge[]> {
  const all = new Map<string, DataEdge[]>();
  for (const edge of data) {
    const from = outline.nodes.get(edge.from)?.parent;
    const to = outline.nodes.get(edge.to)?.parent;
    const module = to === edge.from ? edge.from : from === edge.to ? edge.to : from === to ? from : undefined;
    if (module === undefined) continue;
    const known = all.get(module);
    if (known === undefined) all.set(module, [edge]);
    else known.push(edge);
  }
  return all;
}
