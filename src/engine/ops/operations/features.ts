/** Operations on the vectors of a sequence: parts of them, and those beside them. */
import type { Context } from '../../context';
import { product, tensor, type Tensor } from '../../tensor';
import type { OperationOps } from '../op';

export const featureOps = {
  slice: {
    shape: ({ from, to }, [x]) => [...x!.slice(0, -1), to - from],
    positionwise: () => true,
    run: ({ from, to }, [x], context) => Promise.resolve(slice(tensor(x), from, to, context)),
  },
  shift: {
    shape: (_, [x]) => x!,
    run: ({ by }, [x], context) => Promise.resolve(shift(tensor(x), by, context)),
  },
} satisfies OperationOps;

/** [s, w] → [s, to − from]. */
function slice({ shape, data }: Tensor, from: number, to: number, context: Context): Tensor {
  const width = shape.at(-1)!;
  const rows = product(shape.slice(0, -1));
  const out = context.zeros(...shape.slice(0, -1), to - from);
  for (let row = 0; row < rows; row++) {
    out.data.set(data.subarray(row * width + from, row * width + to), row * (to - from));
  }
  return out;
}

/** Position i gets that of i + by, zeros beyond the ends. */
function shift({ shape, data }: Tensor, by: number, context: Context): Tensor {
  const out = context.zeros(...shape);
  const distance = Math.min(Math.abs(by), shape[0]!) * product(shape.slice(1));
  if (by >= 0) out.data.set(data.subarray(distance));
  else out.data.set(data.subarray(0, data.length - distance), distance);
  return out;
}
