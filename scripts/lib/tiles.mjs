/** Writes the inner loops of matrix products, unrolled: C[rows, columns] of a few rows by 8 or 16 columns in registers. */

/**
 * The source of the module `tiles`.
 *
 * @param {boolean} wide also tiles of 16 columns
 */
export function tileSource(wide) {
  return [
    "import { madd } from './vector';",
    `export const WIDE: bool = ${wide};`,
    ...[1, 2, 3, 4].map((rows) => tile(rows, 2)),
    dispatch('tile', 2),
    ...(wide ? [1, 2, 3, 4].map((rows) => tile(rows, 4)) : []),
    wide ? dispatch('tileWide', 4) : `export function tileWide(${parameters('m: usize')}): void {}`,
  ].join('\n\n');
}

/** @param {string} first */
function parameters(first) {
  return `${first}, k: usize, a: usize, aStride: usize, b: usize, panel: usize, c: usize, cStride: usize, scale: f32, mode: u32, bias: usize`;
}

/**
 * @param {string} name
 * @param {number} vectors
 */
function dispatch(name, vectors) {
  const call = (/** @type {number} */ rows) =>
    `    case ${rows}: tile${rows}x${4 * vectors}(k, a, aStride, b, panel, c, cStride, scale, mode, bias); break;`;
  return `// @ts-ignore: decorator
@inline
export function ${name}(${parameters('m: usize')}): void {
  switch (<i32>m) {
${[1, 2, 3].map(call).join('\n')}
    default: tile4x${4 * vectors}(k, a, aStride, b, panel, c, cStride, scale, mode, bias);
  }
}`;
}

/** Steps of the inner axis that one turn of the loop does. */
const UNROLLED = 2;

/**
 * @param {number} rows
 * @param {number} vectors of four columns: 2 in one panel, 4 in two
 */
function tile(rows, vectors) {
  const everyRow = Array.from({ length: rows }, (_, r) => r);
  const everyVector = Array.from({ length: vectors }, (_, v) => v);
  const each = (/** @type {(r: number, v: number) => string} */ line) =>
    everyRow.flatMap((r) => everyVector.map((v) => line(r, v)));
  const step = (/** @type {number} */ n) => [
    ...everyVector.map(
      (v) => `    const b${n}_${v} = v128.load(${v < 2 ? 'b' : 'next'}, ${n * 32 + (v & 1) * 16});`,
    ),
    ...everyRow.flatMap((r) => [
      `    const a${n}_${r} = v128.load32_splat(row${r}, ${n * 4});`,
      ...everyVector.map((v) => `    c${r}_${v} = madd(a${n}_${r}, b${n}_${v}, c${r}_${v});`),
    ]),
  ];
  const advance = (/** @type {number} */ steps) => [
    ...everyRow.map((r) => `    row${r} += ${steps * 4};`),
    `    b += ${steps * 32};`,
    ...(vectors === 4 ? [`    next += ${steps * 32};`] : []),
  ];
  return [
    `function tile${rows}x${4 * vectors}(${parameters('k: usize').replace('k: usize, k: usize', 'k: usize')}): void {`,
    ...everyRow.map((r) => `  let row${r} = a + ${r} * aStride;`),
    ...each((r, v) => `  let c${r}_${v} = f32x4.splat(0);`),
    ...(vectors === 4 ? ['  let next = b + panel;'] : []),
    `  const end = b + (k & ~${UNROLLED - 1}) * 32;`,
    '  while (b < end) {',
    ...Array.from({ length: UNROLLED }, (_, n) => step(n)).flat(),
    ...advance(UNROLLED),
    '  }',
    `  for (let left = k & ${UNROLLED - 1}; left > 0; left--) {`,
    ...step(0),
    ...advance(1),
    '  }',
    '  const scales = f32x4.splat(scale);',
    ...each((r, v) => `  c${r}_${v} = f32x4.mul(c${r}_${v}, scales);`),
    '  if (mode == 2) {',
    ...each((r, v) => `    c${r}_${v} = f32x4.add(c${r}_${v}, v128.load(c + ${r} * cStride, ${v * 16}));`),
    '  } else if (mode == 1) {',
    ...each((r, v) => `    c${r}_${v} = f32x4.add(c${r}_${v}, v128.load(bias, ${v * 16}));`),
    '  }',
    ...each((r, v) => `  v128.store(c + ${r} * cStride, c${r}_${v}, ${v * 16});`),
    '}',
  ].join('\n');
}
