/** Walking a tree in checkpoint order, and the names that parameters have in it. */
import type { Module, Parameter } from './module';

/** A module at one of the places where it stands. */
export interface Placed {
  readonly path: string;
  readonly module: Module;
}

/** Calls `visit` for each module at each of its places, parents first; false leaves out what is below. */
export function walk(
  module: Module,
  visit: (path: string, module: Module) => boolean | void,
  path = '',
): void {
  if (visit(path, module) === false) return;
  for (const name of Object.keys(module.children)) {
    walk(module.children[name]!, visit, path === '' ? name : `${path}.${name}`);
  }
}

/** A parameter with every name it has; the first is its own, the others are tied to it. */
export interface NamedParameter {
  readonly parameter: Parameter;
  readonly names: readonly [string, ...string[]];
}

/** Every parameter once, in checkpoint order. */
export function namedParameters(root: Module): NamedParameter[] {
  const names = new Map<Parameter, [string, ...string[]]>();
  walk(root, (path, module) => {
    const own = module.parameters;
    for (const name of Object.keys(own)) {
      const full = path === '' ? name : `${path}.${name}`;
      const known = names.get(own[name]!);
      if (known === undefined) names.set(own[name]!, [full]);
      else if (!known.includes(full)) known.push(full);
    }
  });
  return Array.from(names, ([parameter, all]) => ({ parameter, names: all }));
}
