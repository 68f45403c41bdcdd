/** Equal layers as one: `layers.0` … `layers.31` of the same structure become `layers.{0-31}`. */
import type { Module } from './module';
import { join } from './walk';

/** A module, or several of equal structure with weights of their own. */
export interface Folded {
  /** Path with folded indices: `model.layers.{0-31}.self_attn`. */
  readonly path: string;
  /** Last part of the path. */
  readonly name: string;
  /** One of the modules, to read kind and sizes from. */
  readonly module: Module;
  /** All of them, in checkpoint order. */
  readonly all: readonly Module[];
  readonly children: readonly Folded[];
}

/** Folds a tree. A module that stands in several places is shown at the first. */
export function fold(root: Module): Folded {
  const shapes = new Structures();
  const seen = new Set<Module>();
  const visit = (path: string, name: string, all: readonly Module[]): Folded => {
    const groups = new Map<string, { name: string; indices: number[]; modules: Module[] }>();
    for (const parent of all) {
      for (const child of Object.keys(parent.children)) {
        const module = parent.children[child]!;
        if (seen.has(module)) continue;
        seen.add(module);
        const { stem, index } = indexed(child);
        const key = index === undefined ? child : `${stem}#${shapes.of(module)}`;
        const group = groups.get(key) ?? { name: stem, indices: [], modules: [] };
        if (index !== undefined && !group.indices.includes(index)) group.indices.push(index);
        group.modules.push(module);
        groups.set(key, group);
      }
    }
    const children = [...groups.values()].map((group) => {
      const own = group.indices.length === 0 ? group.name : join(group.name, ranges(group.indices));
      return visit(join(path, own), own, group.modules);
    });
    return { path, name, module: all[0]!, all, children };
  };
  seen.add(root);
  return visit('', '', [root]);
}

/** `layers.3` → stem `layers`, index 3. */
function indexed(name: string): { stem: string; index?: number } {
  const match = /^(?:(.*)\.)?(\d+)$/.exec(name);
  return match === null ? { stem: name } : { stem: match[1] ?? '', index: Number(match[2]) };
}

/** 0, 1, 2, 5 → `{0-2,5}`; a single index stands as it is. */
function ranges(indices: readonly number[]): string {
  if (indices.length === 1) return String(indices[0]);
  const runs: [number, number][] = [];
  for (const index of indices) {
    const last = runs[runs.length - 1];
    if (last !== undefined && index === last[1] + 1) last[1] = index;
    else runs.push([index, index]);
  }
  return `{${runs.map(([from, to]) => (from === to ? from : `${from}-${to}`)).join(',')}}`;
}

/** Numbers for structures: equal for modules of equal kind, sizes and parts. */
class Structures {
  private readonly numbers = new Map<string, number>();
  private readonly known = new Map<Module, number>();

  of(module: Module): number {
    const known = this.known.get(module);
    if (known !== undefined) return known;
    const parts = [module.kind, facts(module)];
    for (const name of Object.keys(module.parameters)) {
      parts.push(`${name}[${module.parameters[name]!.shape.join()}]`);
    }
    for (const name of Object.keys(module.children)) parts.push(`${name}:${this.of(module.children[name]!)}`);
    const text = parts.join(' ');
    let number = this.numbers.get(text);
    if (number === undefined) this.numbers.set(text, (number = this.numbers.size));
    this.known.set(module, number);
    return number;
  }
}

/** What tells apart modules of equal parameters: mask and place of attention, routing of experts. */
function facts(module: Module): string {
  if (module.kind === 'attention') {
    const { mask } = module;
    const seen = JSON.stringify(mask);
    return `${module.place} ${module.heads}/${module.keyValueHeads} ${seen} ${module.position.type}`;
  }
  if (module.kind === 'experts') return `${module.active} of ${module.count}`;
  return '';
}
