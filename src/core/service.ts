/** The façade of the core; all that anyone outside it imports at run time. */
import type { Analysis, Problem, Workload } from './analysis';
import type { Model } from './model/module';
import type { SharingGraph } from './sharing/graph';

/** A config's model, or why there is none. */
export type Built =
  | { readonly model: Model; readonly problems: readonly Problem[] }
  | { readonly model?: undefined; readonly problems: readonly Problem[] };

/** Parses the text of a config and builds the model's tree. */
export function build(text: string): Built {
  void text;
  throw new Error('being written');
}

/** Everything that the inline features show of a config. */
export function analyse(text: string, workload: Workload): Analysis {
  void text, workload;
  throw new Error('being written');
}

/** The shared-weight graph; undefined where the config does not count (`analyse` says why). */
export function sharingGraph(text: string, workload: Workload): SharingGraph | undefined {
  void text, workload;
  throw new Error('being written');
}
