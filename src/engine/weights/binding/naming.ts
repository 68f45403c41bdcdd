/** Names of parameters, what is around them, and which tensors of a file are called so. */
import type { Module, Parameter } from '../../../core/model/module';
import type { Pace } from '../../pace';
import type { StoredTensor, WeightSource } from '../source';
import { DIALECTS, LEGACY, rename } from './dialects';
import { prefixings } from './prefixes';

export interface NamesOf {
  /** The parameter's own name in the checkpoint: `model.layers.0.self_attn.q_proj.weight`. */
  name(parameter: Parameter): string;
  /** The name of what holds the module that holds it: `model.layers.0.self_attn`. */
  holder(parameter: Parameter): string;
}

/** A name without its last components. */
export function upwards(name: string, count: number): string {
  return name.split('.').slice(0, -count).join('.');
}

/** Tensors whose names differ by indices alone: `h.#.ln_1.weight`, and the indices of each. */
interface Pattern {
  readonly pattern: string;
  readonly members: { readonly tensor: StoredTensor; readonly indices: readonly string[] }[];
}

/**
 * Tree names → tensors. All names of a file are taken in one dialect and under one prefix, those by which most of what is
 * wanted is found; then again for what is left, so that the parts of a composed model may each have their own.
 *
 * @param wanted names in the tree's spelling.
 */
export async function matchNames(
  root: Module,
  wanted: ReadonlySet<string>,
  source: WeightSource,
  pace: Pace,
): Promise<Map<string, StoredTensor>> {
  const found = new Map<string, StoredTensor>();
  let left = await patternsOf(source.tensors.values(), pace);
  const open = new Map<string, number>();
  for (const name of wanted) open.set(split(name).pattern, (open.get(split(name).pattern) ?? 0) + 1);
  let ways = prefixings(root, source.tensors.keys());
  while (left.length > 0) {
    const best = await bestWay(left, open, ways, pace);
    if (best === undefined) break;
    const rest: Pattern[] = [];
    for (const { pattern, members } of left) {
      const target = best.target(pattern);
      const unused: Pattern['members'] = [];
      for (const member of members) {
        const name = target === undefined ? undefined : fill(target, member.indices);
        if (name !== undefined && wanted.has(name) && !found.has(name)) {
          found.set(name, member.tensor);
          open.set(target!, open.get(target!)! - 1);
        } else unused.push(member);
        await pace.step();
      }
      if (unused.length > 0) rest.push({ pattern, members: unused });
    }
    left = rest;
    // A prefix is the checkpoint's, not that of what one way of naming has left over.
    ways = [(name) => name, ...(best.prefixing === 0 ? [] : [ways[best.prefixing]!])];
  }
  return found;
}

interface Way {
  /** Of `ways`. */
  readonly prefixing: number;
  /** A file's pattern as one that is still wanted. */
  target(pattern: string): string | undefined;
}

/** The dialect and prefix by which most names are found; undefined where none finds any. */
async function bestWay(
  patterns: readonly Pattern[],
  open: ReadonlyMap<string, number>,
  ways: readonly ((name: string) => string)[],
  pace: Pace,
): Promise<Way | undefined> {
  let most = 0;
  let best: Way | undefined;
  for (const dialect of DIALECTS) {
    const renamed = new Map<string, readonly string[]>();
    let changes = dialect.length === 0;
    for (const { pattern } of patterns) {
      const newer = rename(pattern, dialect);
      changes ||= newer !== pattern;
      renamed.set(pattern, [...new Set([newer, rename(newer, LEGACY)])]);
      await pace.step();
    }
    if (!changes) continue;
    for (const [prefixing, way] of ways.entries()) {
      const target = (pattern: string): string | undefined => {
        for (const name of renamed.get(pattern)!) {
          const under = way(name);
          if ((open.get(under) ?? 0) > 0) return under;
          if ((open.get(name) ?? 0) > 0) return name;
        }
        return undefined;
      };
      let matches = 0;
      for (const { pattern, members } of patterns) {
        const name = target(pattern);
        if (name !== undefined) matches += Math.min(members.length, open.get(name)!);
        await pace.step();
      }
      if (matches > most) [most, best] = [matches, { prefixing, target }];
    }
  }
  return best;
}

async function patternsOf(tensors: Iterable<StoredTensor>, pace: Pace): Promise<Pattern[]> {
  const patterns = new Map<string, Pattern>();
  for (const tensor of tensors) {
    const { pattern, indices } = split(tensor.name);
    const known = patterns.get(pattern) ?? { pattern, members: [] };
    known.members.push({ tensor, indices });
    patterns.set(pattern, known);
    await pace.step();
  }
  return [...patterns.values()];
}

function split(name: string): { readonly pattern: string; readonly indices: readonly string[] } {
  const indices: string[] = [];
  const pattern = name
    .split('.')
    .map((part) => (/^\d+$/.test(part) ? (indices.push(part), '#') : part))
    .join('.');
  return { pattern, indices };
}

/** Undefined where a renaming has lost or made an index. */
function fill(pattern: string, indices: readonly string[]): string | undefined {
  let used = 0;
  const name = pattern
    .split('.')
    .map((part) => (part === '#' ? indices[used++] : part))
    .join('.');
  return used === indices.length ? name : undefined;
}
