/** Checks what a webview kept: it may come from an older version of Headlight, or be damaged. */
import type { GraphViewState, HeatmapViewState } from '../../protocol/panels';
import type { RunInput } from '../../protocol/run';

/** Repeats itself, so that induction heads show what they do. */
const FIRST_TEXT = 'The quick brown fox jumps over the lazy dog. The quick brown fox jumps over';
const FIRST_SEED = 0;

export function firstHeatmapState(config: string): HeatmapViewState {
  return { config, input: { type: 'text', text: FIRST_TEXT }, seed: FIRST_SEED };
}

export function firstGraphState(config: string): GraphViewState {
  return { config, open: [] };
}

/** The kept state, with what is unusable left out; undefined where not even the config is known. */
export function heatmapState(kept: unknown): HeatmapViewState | undefined {
  const config = configOf(kept);
  if (config === undefined) return undefined;
  const { input, seed, open } = kept as Partial<HeatmapViewState>;
  const first = firstHeatmapState(config);
  return {
    config,
    input: isRunInput(input) ? input : first.input,
    seed: isIndex(seed) ? seed : first.seed,
    ...(isIndex(open?.layer) && isIndex(open.head) ? { open: { layer: open.layer, head: open.head } } : {}),
  };
}

export function graphState(kept: unknown): GraphViewState | undefined {
  const config = configOf(kept);
  if (config === undefined) return undefined;
  const { open, selected } = kept as Partial<GraphViewState>;
  return {
    config,
    open: Array.isArray(open) ? open.filter((id) => typeof id === 'string') : [],
    ...(typeof selected === 'string' ? { selected } : {}),
  };
}

function configOf(kept: unknown): string | undefined {
  const config = (kept as { config?: unknown } | null | undefined)?.config;
  return typeof config === 'string' && /^[a-z][\w+.-]*:/i.test(config) ? config : undefined;
}

function isRunInput(value: unknown): value is RunInput {
  const input = value as Partial<Record<string, unknown>> | null | undefined;
  if (input?.type === 'text') {
    return typeof input.text === 'string' && isOptionalString(input.pair) && isOptionalString(input.decoder);
  }
  if (input?.type !== 'ids') return false;
  return isIndices(input.ids) && (input.decoder === undefined || isIndices(input.decoder));
}

function isOptionalString(value: unknown): boolean {
  return value === undefined || typeof value === 'string';
}

function isIndices(value: unknown): boolean {
  return Array.isArray(value) && value.every(isIndex);
}

function isIndex(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
