/** Which ties the weights beside a config prove: a tensor that the files hold once, and its twin not at all. */
import type { SharedThing, SharingGraph } from '../../core/sharing/graph';
import { Cancelled } from '../failure';
import type { Pace } from '../pace';
import { openFolder } from './folder';

/** The graph with `weights` as the evidence of each tie that the files' headers prove; unreadable files prove none. */
export async function proveTies(graph: SharingGraph, folder: string, pace: Pace): Promise<SharingGraph> {
  const names = await tensorNames(folder, pace);
  if (names.size === 0) return graph;
  return {
    ...graph,
    shared: graph.shared.map((thing) => (proven(thing, names) ? { ...thing, evidence: 'weights' } : thing)),
  };
}

/** One of a tensor's names is in the files, under whatever prefix they use, and none of the others. */
function proven({ mark, users }: SharedThing, names: ReadonlySet<string>): boolean {
  if (mark !== 'tiedTensor') return false;
  return users.filter((user) => names.has(user) || names.has(withoutBase(user))).length === 1;
}

/** Older files leave out the base model's name: `wte.weight` for `transformer.wte.weight`. */
function withoutBase(name: string): string {
  return name.slice(name.indexOf('.') + 1);
}

async function tensorNames(folder: string, pace: Pace): Promise<ReadonlySet<string>> {
  try {
    const source = await openFolder(folder, pace);
    if (source === undefined) return new Set();
    await source.close();
    return new Set(source.tensors.keys());
  } catch (error) {
    if (error instanceof Cancelled) throw error;
    // A run says what is wrong with the files; the graph stands without them.
    return new Set();
  }
}
