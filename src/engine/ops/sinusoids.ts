/** Sines and cosines of positions (Vaswani et al. 2017), rounded to float32 where transformers rounds. */

const f32 = Math.fround;

/**
 * Radians a position, [width / 2].
 *
 * @param form tensor2tensor's ratios end at 1/10,000; `vaswani` has one ratio more and stops before.
 */
export function sinusoidFrequencies(width: number, form?: 'vaswani'): Float32Array {
  const half = Math.floor(width / 2);
  if (form === 'vaswani') return Float32Array.from({ length: half }, (_, i) => 10_000 ** ((-2 * i) / width));
  const step = f32(-Math.log(10_000) / (half - 1));
  return Float32Array.from({ length: half }, (_, i) => Math.exp(f32(i * step)));
}

/** Sines, then cosines, of a position's angles, or both of each angle in turn; the last of an odd width is left as it is. */
export function writeSinusoids(
  frequencies: Float32Array,
  position: number,
  into: Float32Array,
  at: number,
  width: number,
  interleaved = false,
): void {
  const half = Math.floor(width / 2);
  for (let i = 0; i < half; i++) {
    const angle = f32(frequencies[i]! * position);
    into[at + (interleaved ? 2 * i : i)] = Math.sin(angle);
    into[at + (interleaved ? 2 * i + 1 : half + i)] = Math.cos(angle);
  }
}
