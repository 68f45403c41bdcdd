/** Products of sizes, which may be larger than numbers are exact. */

/** a·b·c… exactly, however large. */
export function product(...factors: number[]): bigint {
  let quick = 1;
  for (const factor of factors) quick *= factor;
  if (Number.isSafeInteger(quick)) return BigInt(quick);
  return factors.reduce((exact, factor) => exact * BigInt(factor), 1n);
}
