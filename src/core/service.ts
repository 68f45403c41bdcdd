/** The façade of the core; all that anyone outside it imports at run time. */
import type { Problem } from './analysis';
import { build as buildConfig } from './build';
import type { Model } from './model/module';

export { analyse } from './analyse';
export { sharingGraph } from './sharing/buildGraph';
export { attentionRuns } from './measure/attentionRuns';
export type { AttentionRun } from './measure/flops';
export { provideTables } from './tables/provider';

/** A config's model, or why there is none. */
export type Built =
  | { readonly model: Model; readonly problems: readonly Problem[] }
  | { readonly model?: undefined; readonly problems: readonly Problem[] };

/** Parses the text of a config and builds the model's tree. */
export function build(text: string): Built {
  const { found, problems } = buildConfig(text);
  return found === undefined ? { problems } : { model: found.model, problems };
}
