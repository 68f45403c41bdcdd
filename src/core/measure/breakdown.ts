/** The model as a table: a row a part, equal layers folded. */
import type { BreakdownRow } from '../analysis';
import type { Folded } from '../model/fold';
import { elements, type Module, type Parameter } from '../model/module';
import { modulesOf } from '../model/walk';
import type { FlopCount } from './flops';

/** What a folded part holds and costs, with all below it. */
export interface Share {
  readonly parameters: number;
  readonly flops: bigint;
}

/** Shares of every folded part; a shared parameter counts where it first stands. */
export function shares(root: Folded, flops: FlopCount): ReadonlyMap<Folded, Share> {
  const owners = new Map<Parameter, Module>();
  modulesOf(root.module, (module) => {
    for (const parameter of Object.values(module.parameters)) {
      if (!owners.has(parameter)) owners.set(parameter, module);
    }
  });
  const found = new Map<Folded, Share>();
  const visit = (part: Folded): Share => {
    let parameters = 0;
    let cost = 0n;
    for (const module of part.all) {
      for (const parameter of Object.values(module.parameters)) {
        if (owners.get(parameter) === module && !parameter.buffer) parameters += elements(parameter);
      }
      cost += flops.costs.get(module)?.forward ?? 0n;
    }
    for (const child of part.children) {
      const share = visit(child);
      parameters += share.parameters;
      cost += share.flops;
    }
    const share = { parameters, flops: cost };
    found.set(part, share);
    return share;
  };
  visit(root);
  return found;
}

/** Rows down to the parts of a layer: composites to `depth` levels, then whole. */
export function breakdown(root: Folded, found: ReadonlyMap<Folded, Share>, depth = 4): BreakdownRow[] {
  const rows: BreakdownRow[] = [];
  const visit = (part: Folded, level: number): void => {
    const { parameters, flops } = found.get(part)!;
    if (part !== root && (parameters > 0 || flops > 0n)) {
      const { path, module, all } = part;
      rows.push({ path, depth: level - 1, kind: module.kind, count: all.length, parameters, flops });
    }
    // What attention, feed-forwards and experts are made of is the graph's to show.
    if (level < depth && (part.module.kind === 'block' || part.module.kind === 'composite')) {
      for (const child of part.children) visit(child, level + 1);
    }
  };
  visit(root, 0);
  return rows;
}
