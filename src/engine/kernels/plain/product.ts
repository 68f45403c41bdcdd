/** Matrix products in plain TypeScript, in pieces between which the event loop may get its turn. */
import type { Pace } from '../../pace';
import type { Matrix, Operand, ProductTask } from '../kernels';
import { matmul } from './matmul';

/** Multiply–accumulates between two looks at the clock: a few milliseconds of plain arithmetic. */
const WORK = 1 << 23;

export async function multiply(task: ProductTask, pace: Pace): Promise<boolean> {
  const { m, n, k, a, c, bias } = task;
  const b = untwisted(task);
  if (!task.accumulate) {
    for (let i = 0; i < m; i++) {
      const at = c.offset + i * c.stride;
      if (bias === undefined) c.data.fill(0, at, at + n);
      else c.data.set(bias.subarray(0, n), at);
    }
  }
  const wide = Math.min(n, Math.max(4, 4 * Math.floor(WORK / (64 * k) / 4)));
  const high = Math.min(m, Math.max(4, 4 * Math.floor(WORK / (wide * k) / 4)));
  for (let i = 0; i < m; i += high) {
    for (let j = 0; j < n; j += wide) {
      matmul(
        Math.min(high, m - i),
        Math.min(wide, n - j),
        k,
        { ...a, offset: a.offset + i * a.stride },
        { ...b, offset: b.offset + j * b.stride },
        { ...c, offset: c.offset + i * c.stride + j },
        task.scale ?? 1,
      );
      await pace.step();
    }
  }
  return true;
}

/** B as floats [n, k]. */
function untwisted({ b, n, k, turned }: ProductTask): Matrix {
  const floats = asFloats(b, n, k);
  if (!turned) return floats;
  const data = new Float32Array(n * k);
  for (let p = 0; p < k; p++) {
    const start = floats.offset + p * floats.stride;
    for (let j = 0; j < n; j++) data[j * k + p] = floats.data[start + j]!;
  }
  return { data, offset: 0, stride: k };
}

function asFloats(b: Operand, n: number, k: number): Matrix {
  switch (b.type) {
    case 'floats':
      return b.matrix;
    case 'stored':
      throw new Error(`${b.format} is not decoded here`);
    case 'seeded': {
      const { columns } = b.tensor;
      const data = new Float32Array(n * columns);
      b.tensor.rows(b.row, n, data, 0);
      if (b.column + k > columns) throw new Error('columns beyond the tensor');
      return { data, offset: b.column, stride: columns };
    }
  }
}
