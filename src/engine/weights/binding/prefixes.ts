/** Prefixes that a checkpoint has and the tree has not, or the other way round. */
import type { Module } from '../../../core/model/module';
import { walk } from '../../../core/model/walk';

/** The one child of the root under which all attention stands (`model`, `bert`), if there is one. */
function basePrefix(root: Module): string | undefined {
  const attending = Object.keys(root.children).filter((name) => {
    let found = false;
    walk(root.children[name]!, (_, module) => {
      found ||= module.kind === 'attention';
      return !found;
    });
    return found;
  });
  const only = attending.length === 1 ? attending[0] : undefined;
  return only !== undefined && root.children[only]!.kind === 'block' ? only : undefined;
}

/** Prefixes of a file that are tried, the commonest first: each is a pass over all its tensors. */
const MOST_PREFIXES = 16;

/** Ways to make a tree's name of a file's: as it is, with the tree's prefix put before, or with one taken away. */
export function prefixings(root: Module, fileNames: Iterable<string>): ((name: string) => string)[] {
  const ways: ((name: string) => string)[] = [(name) => name];
  const base = basePrefix(root);
  if (base !== undefined) ways.push((name) => `${base}.${name}`);
  const tops = new Map<string, number>();
  for (const name of fileNames) {
    const top = name.slice(0, name.indexOf('.') + 1);
    if (top !== '') tops.set(top, (tops.get(top) ?? 0) + 1);
  }
  const common = [...tops].sort(([, a], [, b]) => b - a).slice(0, MOST_PREFIXES);
  for (const [top] of common) {
    ways.push((name) => (name.startsWith(top) ? name.slice(top.length) : name));
  }
  return ways;
}
