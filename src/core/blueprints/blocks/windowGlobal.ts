/** Windows of Longformer and LED: one size for all layers, or one a layer. */
import type { Attention, MaskPattern } from '../../model/module';
import type { Checks } from '../family';
import { linear } from './layers';

const DEFAULT_WINDOW = 512;

/** Tokens that each layer's queries see, half of them on either side. */
export function windowsOf(window: unknown, layers: number): number[] {
  const list = Array.isArray(window) ? window : [];
  const one = typeof window === 'number' ? window : DEFAULT_WINDOW;
  return Array.from({ length: layers }, (_, layer) => (typeof list[layer] === 'number' ? list[layer] : one));
}

/** A window is even and not empty; a list has one a layer. */
export function windowChecks(window: unknown, of: string, layers: number, checks: Checks): void {
  const key = 'attention_window';
  if (Array.isArray(window)) checks.length(key, window.length, of, layers);
  else if (window !== undefined && typeof window !== 'number') checks.value(key, window, DEFAULT_WINDOW);
  const odd = windowsOf(window, layers).find((each) => !(each > 0 && each % 2 === 0));
  if (odd !== undefined) checks.value(key, odd, Math.max(2, Math.ceil(odd / 2) * 2));
}

/** The mask of a window's tokens and the first `globals`. */
export function windowGlobal(window: number, globals: number): MaskPattern {
  return { type: 'windowGlobal', radius: Math.max(1, window / 2), globals };
}

/** Adds the projections of the global tokens, beside the usual ones under `self` or another name. */
export function withGlobals(usual: Attention, width: number, name = 'self'): Attention {
  const square = () => linear(width, width);
  const global = { query: square(), key: square(), value: square() };
  return {
    ...usual,
    globalProjections: global,
    children: {
      ...usual.children,
      [`${name}.query_global`]: global.query,
      [`${name}.key_global`]: global.key,
      [`${name}.value_global`]: global.value,
    },
  };
}
