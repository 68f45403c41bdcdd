/** Data's way through a part of the graph: which child feeds which, from the traced flow. */
import type { Folded } from '../model/fold';
import {
  isOperation,
  type Attention,
  type Block,
  type Experts,
  type Mlp,
  type Module,
} from '../model/module';
import type { DataEdge } from './graph';

/** Edges between the children of a part, and between it and them. */
export function dataEdges(part: Folded): DataEdge[] {
  const childOf = new Map<Module, string>();
  for (const child of part.children) for (const module of child.all) own(module, child.path, childOf);
  const edges = new Edges();
  const { module } = part;
  const id = (inner: Module): string | undefined => childOf.get(inner);
  switch (module.kind) {
    case 'block':
      blockEdges(module, part.path, id, edges);
      break;
    case 'attention':
      attentionEdges(module, part.path, id, edges);
      break;
    case 'mlp':
      mlpEdges(module, part.path, id, edges);
      break;
    case 'experts':
      expertEdges(module, part, id, edges);
      break;
    default:
  }
  return edges.all;
}

/** A module and all below it stand in this child. */
function own(module: Module, path: string, childOf: Map<Module, string>): void {
  if (childOf.has(module)) return;
  childOf.set(module, path);
  for (const child of Object.values(module.children)) own(child, path, childOf);
}

class Edges {
  readonly all: DataEdge[] = [];
  private readonly known = new Set<string>();

  add(from: string | undefined, to: string | undefined, skip = false): void {
    if (from === undefined || to === undefined || from === to) return;
    const key = `${from}\n${to}`;
    if (this.known.has(key)) return;
    this.known.add(key);
    this.all.push(skip ? { from, to, skip: true } : { from, to });
  }
}

type IdOf = (module: Module) => string | undefined;

/** What a wire carries: the nodes that it comes from, and whether it went around one (a residual connection). */
interface Source {
  readonly node: string;
  readonly skip: boolean;
}

function blockEdges(block: Block, self: string, id: IdOf, edges: Edges): void {
  const sources: Source[][] = [];
  const behind: Set<number>[] = [];
  for (const wire of block.flow.inputs) {
    sources[wire.id] = [{ node: self, skip: false }];
    behind[wire.id] = new Set();
  }
  for (const { run, from, to } of block.flow.steps) {
    behind[to.id] = new Set(from.flatMap((wire) => [wire.id, ...(behind[wire.id] ?? [])]));
    if (isOperation(run)) {
      // x + f(x): the first operand goes around what the second went through.
      const around = run.op === 'add' && from[1] !== undefined && behind[from[1].id]!.has(from[0]!.id);
      sources[to.id] = from.flatMap((wire, index) =>
        (sources[wire.id] ?? []).map((source) => ({
          ...source,
          skip: source.skip || (around && index === 0),
        })),
      );
    } else {
      const node = id(run);
      for (const wire of from)
        for (const source of sources[wire.id] ?? []) edges.add(source.node, node, source.skip);
      sources[to.id] = node === undefined ? [] : [{ node, skip: false }];
    }
  }
  for (const source of sources[block.flow.output.id] ?? []) edges.add(source.node, self, source.skip);
}

function attentionEdges(module: Attention, self: string, id: IdOf, edges: Edges): void {
  const { projections } = module;
  const output = module.outputNorm ?? module.output;
  const { query: queryNorms, key: keyNorms } = module.queryKeyNorm ?? { query: [], key: [] };
  const chain = (...modules: Module[]): void => {
    let before: string | undefined = self;
    for (const each of modules) {
      edges.add(before, id(each));
      before = id(each);
    }
  };
  switch (projections.type) {
    case 'separate':
      chain(projections.query, ...queryNorms.slice(0, 1), output);
      chain(projections.key, ...keyNorms.slice(0, 1), output);
      chain(projections.value, output);
      break;
    case 'fused':
      for (const norms of [queryNorms, keyNorms]) chain(projections.qkv, ...norms.slice(0, 1), output);
      break;
    case 'latent': {
      const { query } = projections;
      if ('kind' in query) chain(query, output);
      else chain(query.down, query.norm, query.up, output);
      chain(projections.keyValueDown, projections.keyValueNorm, projections.keyValueUp, output);
    }
  }
  edges.add(id(output), id(module.output));
  edges.add(id(module.output), self);
}

function mlpEdges(module: Mlp, self: string, id: IdOf, edges: Edges): void {
  const last = module.norm ?? module.down;
  for (const first of module.gate === undefined ? [module.up] : [module.gate, module.up]) {
    edges.add(self, id(first));
    edges.add(id(first), id(last));
  }
  edges.add(id(last), id(module.down));
  edges.add(id(module.down), self);
}

/** Router → experts; the shared expert beside them. */
function expertEdges(module: Experts, part: Folded, id: IdOf, edges: Edges): void {
  const holders = part.children.filter((child) => child.module.kind === 'holder').map((child) => child.path);
  const [router, experts] = holders;
  edges.add(part.path, router);
  edges.add(router, experts);
  edges.add(experts, part.path);
  if (module.shared !== undefined) {
    edges.add(part.path, id(module.shared));
    edges.add(id(module.shared), part.path);
  }
}
