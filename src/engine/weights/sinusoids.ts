/** Tables of positions that are never trained: row p holds sines, then cosines, of p at falling frequencies. */

/** Rows [first, first + count) of a table [·, columns], into `into` from `at`. */
export function sinusoids(
  columns: number,
  first: number,
  count: number,
  into: Float32Array,
  at: number,
): void {
  // An odd column more is a sine's.
  const sines = Math.ceil(columns / 2);
  for (let row = 0; row < count; row++) {
    const start = at + row * columns;
    for (let j = 0; j < columns; j++) {
      const pair = j < sines ? j : j - sines;
      const angle = (first + row) / 10_000 ** ((2 * pair) / columns);
      into[start + j] = j < sines ? Math.sin(angle) : Math.cos(angle);
    }
  }
}
