/** The Fourier transform over positions and width, as products with tables of sines and cosines. */
import type { Context } from '../../context';
import { tensor, type Tensor } from '../../tensor';
import { tiledMatmul } from '../linear';
import type { OperationOps } from '../op';

/** Rows of a table that are made at a time. */
const ROWS = 64;

export const fourierOps = {
  fourier: {
    shape: (_, [x]) => x!,
    run: (_, [x], context) => fourier(tensor(x), context),
  },
} satisfies OperationOps;

/** The real part: C x C − S x S, with C and S the cosines and sines of 2π·jk / n for positions and for width. */
async function fourier(x: Tensor, context: Context): Promise<Tensor> {
  const [length, width] = [x.shape[0]!, x.shape[1]!];
  const out = context.zeros(length, width);
  for (const wave of ['cos', 'sin'] as const) {
    const turned = context.zeros(width, length);
    await byTable(wave, width, x, length, turned, 1, context);
    await byTable(wave, length, turned, width, out, wave === 'cos' ? 1 : -1, context);
  }
  return out;
}

/** into [n, rows] += sign · table [n, n] · (x [rows, n])ᵀ. */
async function byTable(
  wave: 'cos' | 'sin',
  n: number,
  x: Tensor,
  rows: number,
  into: Tensor,
  sign: number,
  context: Context,
): Promise<void> {
  const values = Float32Array.from({ length: n }, (_, i) => Math[wave]((2 * Math.PI * i) / n));
  const table = context.zeros(Math.min(ROWS, n), n);
  for (let first = 0; first < n; first += ROWS) {
    const count = Math.min(ROWS, n - first);
    for (let j = 0; j < count; j++) {
      for (let k = 0; k < n; k++) table.data[j * n + k] = values[((first + j) * k) % n]!;
    }
    await tiledMatmul(
      context,
      count,
      rows,
      n,
      { data: table.data, offset: 0, stride: n },
      { data: x.data, offset: 0, stride: n },
      { data: into.data, offset: first * rows, stride: rows },
      sign,
    );
  }
}
