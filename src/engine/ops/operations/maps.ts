/** Operations between feature maps [channels, height, width] and sequences of their places. */
import type { Context } from '../../context';
import { product, tensor, type Tensor } from '../../tensor';
import type { OperationOps } from '../op';

export const mapOps = {
  patchesToTokens: {
    shape: (_, [x]) => [product(x!.slice(1)), x![0]!],
    run: (_, [x], context) => {
      const { shape } = tensor(x);
      return Promise.resolve(turned(tensor(x), shape[0]!, [product(shape.slice(1)), shape[0]!], context));
    },
  },
  tokensToPatches: {
    shape: ({ height, width }, [x]) => [x![1]!, height, width],
    run: ({ height, width }, [x], context) =>
      Promise.resolve(turned(tensor(x), height * width, [tensor(x).shape[1]!, height, width], context)),
  },
  pixelShuffle: {
    shape: ({ factor }, [x]) => [x![0]! / factor ** 2, x![1]! * factor, x![2]! * factor],
    run: ({ factor }, [x], context) => Promise.resolve(pixelShuffle(tensor(x), factor, context)),
  },
} satisfies OperationOps;

/** The transpose of x [rows, rest], under another shape. */
function turned(x: Tensor, rows: number, shape: readonly number[], context: Context): Tensor {
  const columns = x.data.length / rows;
  const out = context.zeros(...shape);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) out.data[j * rows + i] = x.data[i * columns + j]!;
  }
  return out;
}

/** [c·f², h, w] → [c, h·f, w·f]. */
function pixelShuffle(x: Tensor, factor: number, context: Context): Tensor {
  const [channels, height, width] = [x.shape[0]! / factor ** 2, x.shape[1]!, x.shape[2]!];
  const out = context.zeros(channels, height * factor, width * factor);
  let at = 0;
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < height * factor; y++) {
      for (let column = 0; column < width * factor; column++) {
        const from = (c * factor + (y % factor)) * factor + (column % factor);
        const place = Math.floor(y / factor) * width + Math.floor(column / factor);
        out.data[at++] = x.data[from * height * width + place]!;
      }
    }
  }
  return out;
}
