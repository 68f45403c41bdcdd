/** The graph's nodes as a tree: children, order, and which are seen when some are open. */
import type { GraphNode, SharingGraph } from '../../src/core/sharing/graph';

export interface Outline {
  readonly root: GraphNode;
  readonly nodes: ReadonlyMap<string, GraphNode>;
  readonly children: ReadonlyMap<string, readonly GraphNode[]>;
}

export function outlineOf(graph: SharingGraph): Outline {
  const nodes = new Map(graph.nodes.map((node) => [node.id, node]));
  const children = new Map<string, GraphNode[]>();
  for (const node of graph.nodes) {
    if (node.parent === undefined) continue;
    const siblings = children.get(node.parent);
    if (siblings === undefined) children.set(node.parent, [node]);
    else siblings.push(node);
  }
  const root = graph.nodes.find(({ parent }) => parent === undefined);
  if (root === undefined) throw new Error('a graph without a root');
  return { root, nodes, children };
}

export function childrenOf(outline: Outline, id: string): readonly GraphNode[] {
  return outline.children.get(id) ?? [];
}

/** A node that is seen, with its depth and its place among its siblings. */
export interface Seen {
  readonly node: GraphNode;
  readonly depth: number;
  readonly position: number;
  readonly siblings: number;
}

/** Nodes whose ancestors are all open, parents first. */
export function seenNodes(outline: Outline, open: ReadonlySet<string>): Seen[] {
  const seen: Seen[] = [];
  const visit = (node: GraphNode, depth: number, position: number, siblings: number): void => {
    seen.push({ node, depth, position, siblings });
    if (!open.has(node.id)) return;
    const children = childrenOf(outline, node.id);
    children.forEach((child, index) => visit(child, depth + 1, index + 1, children.length));
  };
  visit(outline.root, 0, 1, 1);
  return seen;
}

/** The node itself, or the closed ancestor that hides it. */
export function nearestSeen(outline: Outline, id: string, seen: ReadonlySet<string>): string | undefined {
  for (let at: string | undefined = id; at !== undefined; at = outline.nodes.get(at)?.parent) {
    if (seen.has(at)) return at;
  }
  return undefined;
}

/** Ids of all nodes above depth `depth` that have children. */
export function openTo(outline: Outline, depth: number): string[] {
  const open: string[] = [];
  const visit = (node: GraphNode, at: number): void => {
    const children = childrenOf(outline, node.id);
    if (at >= depth || children.length === 0) return;
    open.push(node.id);
    for (const child of children) visit(child, at + 1);
  };
  visit(outline.root, 0);
  return open;
}

/**
 * What was open, in a graph made anew. Folded indices change with the number of layers (`layers.{0-31}`), so a node
 * that is gone opens those whose ids are alike but for the indices.
 */
export function carriedOpen(outline: Outline, open: readonly string[]): string[] {
  const kept = new Set(open.filter((id) => outline.nodes.has(id)));
  const patterns = new Set(open.filter((id) => !outline.nodes.has(id)).map(withoutIndices));
  for (const id of outline.nodes.keys()) if (patterns.has(withoutIndices(id))) kept.add(id);
  return [...kept];
}

function withoutIndices(id: string): string {
  return id.replace(/\{[^}]*\}|(?<=^|\.)\d+(?=\.|$)/g, '#');
}

/** What a key does to the selected node, in the tree as in the picture. */
export type Move = { readonly select: string } | { readonly toggle: string };

export function moveOf(
  key: string,
  selected: string,
  outline: Outline,
  open: ReadonlySet<string>,
): Move | undefined {
  const order = seenNodes(outline, open).map(({ node }) => node);
  const at = order.findIndex(({ id }) => id === selected);
  const node = order[at];
  if (node === undefined) return { select: outline.root.id };
  const hasChildren = childrenOf(outline, node.id).length > 0;
  switch (key) {
    case 'ArrowDown':
      return { select: order[Math.min(order.length - 1, at + 1)]!.id };
    case 'ArrowUp':
      return { select: order[Math.max(0, at - 1)]!.id };
    case 'ArrowRight':
      if (!hasChildren) return { select: node.id };
      return open.has(node.id) ? { select: childrenOf(outline, node.id)[0]!.id } : { toggle: node.id };
    case 'ArrowLeft':
      return open.has(node.id) ? { toggle: node.id } : { select: node.parent ?? node.id };
    case 'Home':
      return { select: order[0]!.id };
    case 'End':
      return { select: order[order.length - 1]!.id };
    case 'Enter':
    case ' ':
      return hasChildren ? { toggle: node.id } : { select: node.id };
    default:
      return undefined;
  }
}
