/** Walking a tree in checkpoint order, and the names that parameters have in it. */
import { NO_CHILDREN, type Module, type Parameter } from './module';

/** A module at one of the places where it stands. */
export interface Placed {
  readonly path: string;
  readonly module: Module;
}

/** The path of a child. */
export function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

/**
 * A path as the checkpoint has it. A name in parentheses, `(mlp)`, is a part that the checkpoint does not name: its
 * tensors stand in the module around it.
 */
export function checkpointName(path: string): string {
  if (!path.includes('(')) return path;
  return path
    .split('.')
    .filter((part) => !part.startsWith('('))
    .join('.');
}

/** Calls `visit` for each module at each of its places, parents first; false leaves out what is below. */
export function walk(
  module: Module,
  visit: (path: string, module: Module) => boolean | void,
  path = '',
): void {
  if (visit(path, module) === false) return;
  for (const name of Object.keys(module.children)) {
    walk(module.children[name]!, visit, join(path, name));
  }
}

/** Calls `visit` once for each module below and including this one, parents first; no names are made. */
export function modulesOf(root: Module, visit: (module: Module) => void): void {
  const seen = new Set<Module>();
  const enter = (module: Module): void => {
    if (seen.has(module)) return;
    seen.add(module);
    visit(module);
    if (module.children === NO_CHILDREN) return;
    for (const child of Object.values(module.children)) enter(child);
  };
  enter(root);
}

/** Every parameter below a module once. */
export function distinctParameters(root: Module): Set<Parameter> {
  const found = new Set<Parameter>();
  modulesOf(root, (module) => {
    for (const name in module.parameters) found.add(module.parameters[name]!);
  });
  return found;
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
      const full = checkpointName(join(path, name));
      const known = names.get(own[name]!);
      if (known === undefined) names.set(own[name]!, [full]);
      else if (!known.includes(full)) known.push(full);
    }
  });
  return Array.from(names, ([parameter, all]) => ({ parameter, names: all }));
}
