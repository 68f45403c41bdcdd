/** Feature maps [channels, height, width] brought to other sizes. */
import type { Context } from '../../context';
import { tensor, type Shape, type Tensor } from '../../tensor';
import type { OperationOps } from '../op';

export const resizeOps = {
  resizeAs: {
    shape: (_, [x, other]) => [x![0]!, ...other!.slice(1)],
    run: (_, [x, other], context) => resized(tensor(x), sidesOf(other!.shape), 'areas', context),
  },
  resize: {
    shape: ({ height, width }, [x]) => [x![0]!, height, width],
    run: ({ height, width }, [x], context) => resized(tensor(x), [height, width], 'corners', context),
  },
  pad: {
    shape: ({ top, bottom, left, right }, [x]) => [x![0]!, x![1]! + top + bottom, x![2]! + left + right],
    run: (run, [x], context) => {
      const [height, width] = sidesOf(x!.shape);
      const sides = [height + run.top + run.bottom, width + run.left + run.right] as const;
      return Promise.resolve(placed(tensor(x), sides, run.top, run.left, context));
    },
  },
  padSame: {
    shape: (run, [x]) => [x![0]!, ...sidesOf(x!).map((side) => Math.max(side, sameSide(run, side)))],
    run: (run, [x], context) => {
      const [height, width] = sidesOf(x!.shape);
      const sides = [height, width].map((side) => Math.max(side, sameSide(run, side))) as [number, number];
      const before = sides.map((side, axis) => Math.floor((side - [height, width][axis]!) / 2));
      return Promise.resolve(placed(tensor(x), sides, before[0]!, before[1]!, context));
    },
  },
} satisfies OperationOps;

function sidesOf(shape: Shape): readonly [number, number] {
  return [shape[1]!, shape[2]!];
}

/** The side under which a kernel gives ⌈side / stride⌉ places. */
function sameSide(
  { kernel, stride, dilation }: { kernel: number; stride: number; dilation: number },
  side: number,
): number {
  return (Math.ceil(side / stride) - 1) * stride + (kernel - 1) * dilation + 1;
}

/** x on a map of zeros, or a part of it where `top` or `left` are negative. */
function placed(
  x: Tensor,
  [rows, columns]: readonly [number, number],
  top: number,
  left: number,
  context: Context,
): Tensor {
  const [channels, height, width] = x.shape as [number, number, number];
  const out = context.zeros(channels, rows, columns);
  const [from, to] = [Math.max(0, -left), Math.min(width, columns - left)];
  for (let c = 0; c < channels; c++) {
    for (let y = Math.max(0, -top); y < Math.min(height, rows - top); y++) {
      const row = (c * height + y) * width;
      out.data.set(x.data.subarray(row + from, row + to), (c * rows + y + top) * columns + left + from);
    }
  }
  return out;
}

/** Two neighbours of a place along an axis, and the share of the second. */
interface Between {
  readonly low: number;
  readonly high: number;
  readonly share: number;
}

/**
 * Bilinear interpolation. Of `areas` the borders of both maps lie on each other, of `corners` the centres of their
 * outermost places (torch's align_corners).
 */
export async function resized(
  x: Tensor,
  [rows, columns]: readonly [number, number],
  aligned: 'areas' | 'corners',
  context: Context,
): Promise<Tensor> {
  const [channels, height, width] = x.shape as [number, number, number];
  if (rows === height && columns === width) return x;
  const out = context.zeros(channels, rows, columns);
  const down = Array.from({ length: rows }, (_, i) => between(i, rows, height, aligned));
  const across = Array.from({ length: columns }, (_, i) => between(i, columns, width, aligned));
  let at = 0;
  for (let c = 0; c < channels; c++) {
    const image = x.data.subarray(c * height * width, (c + 1) * height * width);
    for (const y of down) {
      for (const { low, high, share } of across) {
        const upper = image[y.low * width + low]! * (1 - share) + image[y.low * width + high]! * share;
        const lower = image[y.high * width + low]! * (1 - share) + image[y.high * width + high]! * share;
        out.data[at++] = upper * (1 - y.share) + lower * y.share;
      }
    }
    await context.pace.step();
  }
  return out;
}

function between(index: number, count: number, side: number, aligned: 'areas' | 'corners'): Between {
  const place =
    aligned === 'areas'
      ? Math.max(0, ((index + 0.5) * side) / count - 0.5)
      : count === 1
        ? 0
        : (index * (side - 1)) / (count - 1);
  const low = Math.min(side - 1, Math.floor(place));
  return { low, high: Math.min(side - 1, low + 1), share: place - low };
}
