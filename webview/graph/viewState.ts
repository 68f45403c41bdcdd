/** What the panel keeps over hiding and reloading. */
import type { GraphViewState } from '../../src/protocol/panels';
import { marks, usualMarks, type Mark } from './ties';

export interface View extends Omit<GraphViewState, 'selected'> {
  readonly selected?: string | undefined;
  /** False until the user or the first graph has opened nodes: then `open` is taken as it is. */
  readonly opened: boolean;
  readonly marks: readonly Mark[];
  readonly tree?: boolean | undefined;
  readonly ledger?: boolean | undefined;
}

/** The kept state where it is of the same config; what the host gave otherwise. */
export function restored(kept: unknown, given: GraphViewState): View {
  const known = kept as Partial<View> | null | undefined;
  const fresh: View = { ...given, opened: given.open.length > 0, marks: usualMarks };
  if (known?.config !== given.config) return fresh;
  const shown = known.marks?.filter((mark) => marks.includes(mark));
  return { ...fresh, ...known, marks: shown ?? usualMarks };
}
