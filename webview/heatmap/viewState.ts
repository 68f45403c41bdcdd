/** What the panel keeps over hiding and reloading: the host's part, and how the pictures are drawn. */
import type { HeatmapViewState } from '../../src/protocol/panels';
import { colourMaps, type ColourMap } from './colours';

export interface Display {
  readonly colours: ColourMap;
  /** What the last colour stands for: probability 1, or the largest of what is shown. */
  readonly scale: 'unit' | 'largest';
  readonly table: boolean;
}

export interface View extends Omit<HeatmapViewState, 'open'> {
  readonly open?: HeatmapViewState['open'] | undefined;
  readonly display: Display;
}

const usual: Display = { colours: 'viridis', scale: 'unit', table: false };

/** The kept state where it is of the same config; what the host gave otherwise. */
export function restored(kept: unknown, given: HeatmapViewState): View {
  const known = kept as Partial<View> | null | undefined;
  const display = { ...usual, ...known?.display };
  if (!colourMaps.includes(display.colours)) return { ...given, display: usual };
  if (known?.config !== given.config) return { ...given, display };
  return { ...given, ...known, display };
}
