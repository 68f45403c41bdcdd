/** Rounding as Python and the channel counts of mobile networks do it. */

/** To the nearest whole number, halves to the even one. */
export function roundHalfEven(value: number): number {
  const low = Math.floor(value);
  const above = value - low;
  if (above !== 0.5) return Math.round(value);
  return low % 2 === 0 ? low : low + 1;
}

/** To a multiple of `divisor`, at least `least`, and not more than a tenth below the value. */
export function divisible(value: number, divisor: number, least = divisor): number {
  const rounded = Math.max(least, Math.floor(Math.trunc(value + divisor / 2) / divisor) * divisor);
  return rounded < 0.9 * value ? rounded + divisor : rounded;
}
