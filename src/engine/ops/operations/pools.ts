/** Averages and maxima of windows of feature maps [channels, …places], over one to three axes. */
import { pooledSide } from '../../../core/measure/shapes';
import type { Operation } from '../../../core/model/module';
import type { Context } from '../../context';
import { tensor, type Shape, type Tensor } from '../../tensor';
import type { OperationOps } from '../op';

type Pool = Extract<Operation, { op: 'pool' }>;

/** Places [from, to) of one axis that a window covers, and how many count for its average. */
interface Span {
  readonly from: number;
  readonly to: number;
  readonly counted: number;
}

export const poolOps = {
  pool: {
    shape: (run, [x]) => poolShape(run, x!),
    run: (run, [x], context) => {
      const { shape } = tensor(x);
      const spans = poolShape(run, shape)
        .slice(1)
        .map((count, axis) => Array.from({ length: count }, (_, i) => spanOf(run, i, shape[axis + 1]!)));
      return pooled(tensor(x), spans, run.type, context);
    },
  },
  poolAll: {
    shape: (_, [x]) => [x![0]!, ...x!.slice(1).map(() => 1)],
    run: (_, [x], context) => {
      const sides = tensor(x).shape.slice(1);
      const spans = sides.map((side) => [{ from: 0, to: side, counted: side }]);
      return pooled(tensor(x), spans, 'average', context);
    },
  },
  poolTo: {
    shape: ({ height, width }, [x]) => [x![0]!, height, width],
    run: ({ height, width }, [x], context) => {
      const sides = tensor(x).shape.slice(1);
      const spans = [height, width].map((count, axis) =>
        Array.from({ length: count }, (_, i) => share(i, count, sides[axis]!)),
      );
      return pooled(tensor(x), spans, 'average', context);
    },
  },
} satisfies OperationOps;

function poolShape(run: Pool, x: Shape): Shape {
  return [x[0]!, ...x.slice(1).map((side) => pooledSide(side, run))];
}

/** A window of torch's pooling: the padding counts, except behind the border that `ceil` reaches beyond. */
function spanOf({ kernel, stride, padding, inside }: Pool, index: number, side: number): Span {
  const start = index * stride - padding;
  const from = Math.max(0, start);
  const to = Math.min(side, start + kernel);
  return { from, to, counted: inside ? to - from : Math.min(start + kernel, side + padding) - start };
}

/** The part of torch's adaptive pooling: parts cover the side, and overlap where it is no multiple of their number. */
function share(index: number, count: number, side: number): Span {
  const from = Math.floor((index * side) / count);
  const to = Math.ceil(((index + 1) * side) / count);
  return { from, to, counted: to - from };
}

/** x [channels, …] → [channels, …as many as there are spans of each axis]. */
async function pooled(
  { shape, data }: Tensor,
  spans: readonly (readonly Span[])[],
  type: Pool['type'],
  context: Context,
): Promise<Tensor> {
  const out = context.zeros(shape[0]!, ...spans.map(({ length }) => length));
  const one = [{ from: 0, to: 1, counted: 1 }];
  const [depth, height, width] = [one, one, one, ...spans].slice(-3);
  const [, rows, columns] = [1, 1, 1, ...shape.slice(1)].slice(-3) as [number, number, number];
  const places = shape.slice(1).reduce((all, side) => all * side, 1);
  let at = 0;
  for (let channel = 0; channel < shape[0]!; channel++) {
    for (const z of depth!) {
      for (const y of height!) {
        for (const x of width!) {
          let [sum, largest] = [0, -Infinity];
          for (let k = z.from; k < z.to; k++) {
            for (let j = y.from; j < y.to; j++) {
              const row = channel * places + (k * rows + j) * columns;
              for (let i = x.from; i < x.to; i++) {
                const value = data[row + i]!;
                sum += value;
                if (!(value <= largest)) largest = value;
              }
            }
          }
          out.data[at++] = type === 'max' ? largest : sum / (z.counted * y.counted * x.counted);
        }
      }
    }
    await context.pace.step();
  }
  return out;
}
