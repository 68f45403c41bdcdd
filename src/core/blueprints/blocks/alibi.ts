/** ALiBi's slopes (Press et al. 2022). */
import type { PositionScheme } from '../../model/module';

/** 2^(−8/n), 2^(−16/n) … for a power of two; other counts take the rest from every second slope of the next power. */
export function alibi(
  heads: number,
  options: { readonly scale?: number; readonly products?: 'bfloat16' } = {},
): PositionScheme {
  const power = 2 ** Math.floor(Math.log2(heads));
  const slope = (head: number): number =>
    head < power ? 2 ** ((-8 * (head + 1)) / power) : 2 ** ((-4 * (2 * (head - power) + 1)) / power);
  return { type: 'alibi', slopes: Array.from({ length: heads }, (_, head) => slope(head)), ...options };
}
