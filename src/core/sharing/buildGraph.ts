/** The shared-weight graph of a config. */
import type { Workload } from '../analysis';
import { build } from '../build';
import { shares } from '../measure/breakdown';
import { forwardFlops } from '../measure/flops';
import { parameterTotals } from '../measure/parameters';
import { fold, type Folded } from '../model/fold';
import type { Module } from '../model/module';
import { dataEdges } from './dataflow';
import type { DataEdge, GraphNode, SharingGraph } from './graph';
import { ledger } from './ledger';

/** The graph; undefined where the config does not count (`analyse` says why). */
export function sharingGraph(text: string, workload: Workload): SharingGraph | undefined {
  const { found } = build(text);
  if (found === undefined) return undefined;
  const { model } = found;
  const flops = forwardFlops(model, workload);
  const tree = fold(model.root);
  const share = shares(tree, flops);
  const nodes: GraphNode[] = [];
  const data: DataEdge[] = [];
  const places = new Map<Module, string>();
  const visit = (part: Folded, parent: Folded | undefined): void => {
    const { module, all, path, name } = part;
    for (const each of all) places.set(each, path);
    nodes.push({
      id: path,
      ...(parent === undefined ? {} : { parent: parent.path }),
      name: parent === undefined ? model.architecture : name,
      kind: module.kind === 'block' ? module.role : module.kind,
      count: all.length,
      applications: flops.costs.get(module)?.applications ?? 1,
      parameters: share.get(part)!.parameters,
      flops: share.get(part)!.flops.toString(),
      detail: detail(module),
    });
    data.push(...dataEdges(part));
    for (const child of part.children) visit(child, part);
  };
  visit(tree, undefined);
  return {
    modelType: model.modelType,
    architecture: model.architecture,
    total: parameterTotals(model.root).total,
    nodes,
    data,
    shared: ledger(found, tree, flops, (module) => places.get(module) ?? ''),
  };
}

/** Sizes in symbols, so that no language is needed. */
function detail(module: Module): string {
  switch (module.kind) {
    case 'linear':
      return `${module.inputs} → ${module.outputs}`;
    case 'embedding':
      return `${module.rows} × ${module.width}`;
    case 'norm':
      return `${module.type} ${module.width}`;
    case 'attention':
      return `h ${module.heads} · kv ${module.keyValueHeads} · d ${module.headDim}`;
    case 'mlp':
      return `${module.up.inputs} → ${module.down.inputs} → ${module.down.outputs}`;
    case 'experts':
      return `${module.active} / ${module.count} · ${module.width} → ${module.intermediate}`;
    case 'convolution':
      return `${module.inputs} → ${module.outputs} · ${module.kernel.join('×')}`;
    case 'causalConvolution':
      return `${module.channels} · ${module.kernel}`;
    case 'stateSpace':
      return `${module.channels} × ${module.stateDim}`;
    case 'rotary':
      return `d ${module.dim} · θ ${module.theta}`;
    case 'composite':
      return module.className;
    case 'holder':
      return Object.values(module.parameters)
        .map(({ shape }) => shape.join('×'))
        .join(' · ');
    case 'similarity':
    case 'block':
      return '';
  }
}
