/** Operations between feature maps [channels, height, width] and sequences of their places. */
import type { Context } from '../../context';
import { RunFailure } from '../../failure';
import { product, tensor, type Tensor } from '../../tensor';
import { vector } from '../linear';
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
  tokensToMap: {
    shape: (_, [x, map]) => [x![1]!, ...map!.slice(1)],
    run: (_, [x, map], context) => {
      const { shape } = tensor(x);
      return Promise.resolve(turned(tensor(x), shape[0]!, [shape[1]!, ...map!.shape.slice(1)], context));
    },
  },
  separableAttention: {
    shape: (_, [x]) => [Math.floor(x![0]! / 2), ...x!.slice(1)],
    run: (_, [x], context) => Promise.resolve(separable(tensor(x), context)),
  },
  swapFramesAndChannels: {
    shape: (_, [x]) => [x![1]!, x![0]!, ...x!.slice(2)],
    run: (_, [x], context) => {
      const { shape } = tensor(x);
      return Promise.resolve(swapped(tensor(x), [shape[1]!, shape[0]!, ...shape.slice(2)], context));
    },
  },
  asChannel: {
    shape: (_, [x]) => [1, ...x!],
    run: (_, [x]) => Promise.resolve({ shape: [1, ...tensor(x).shape], data: tensor(x).data }),
  },
  channelsLast: {
    shape: (_, [x]) => [...x!.slice(1), x![0]!],
    run: (_, [x], context) => {
      const { shape } = tensor(x);
      return Promise.resolve(turned(tensor(x), shape[0]!, [...shape.slice(1), shape[0]!], context));
    },
  },
  channelsFirst: {
    shape: (_, [x]) => [x!.at(-1)!, ...x!.slice(0, -1)],
    run: (_, [x], context) => {
      const { shape, data } = tensor(x);
      const channels = shape.at(-1)!;
      const places = data.length / channels;
      return Promise.resolve(turned(tensor(x), places, [channels, ...shape.slice(0, -1)], context));
    },
  },
  scaleChannels: {
    shape: (_, [x]) => x!,
    run: async ({ by, axis }, [x], context) => {
      const factors = await vector(by, context);
      const { shape, data } = tensor(x);
      const out = context.zeros(...shape);
      // Elements that share a factor one after the other.
      const run = axis === 'channels' ? data.length / shape[0]! : 1;
      for (let i = 0; i < data.length; i++) {
        out.data[i] = data[i]! * factors[Math.floor(i / run) % factors.length]!;
      }
      return out;
    },
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

/** The first two axes of x change places. */
function swapped(x: Tensor, shape: readonly number[], context: Context): Tensor {
  const [rows, columns] = [shape[1]!, shape[0]!];
  const size = x.data.length / (rows * columns);
  const out = context.zeros(...shape);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const from = (i * columns + j) * size;
      out.data.set(x.data.subarray(from, from + size), (j * rows + i) * size);
    }
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

/**
 * [1 + 2c, spots, patches] → [c, spots, patches]: the relu of the last c channels times the sum of the c before them,
 * weighed by the softmax of the first over the patches.
 */
function separable({ shape, data }: Tensor, context: Context): Tensor {
  const [channels, spots, patches] = [(shape[0]! - 1) / 2, shape[1]!, shape[2]!];
  const out = context.zeros(channels, spots, patches);
  const weights = data.slice(0, spots * patches);
  for (let spot = 0; spot < spots; spot++) {
    const row = spot * patches;
    if (!context.kernels.softmax(weights, row, row + patches)) {
      throw new RunFailure('engine', `the scores of spot ${spot} are not finite in float32`);
    }
    for (let c = 0; c < channels; c++) {
      const keys = ((1 + c) * spots + spot) * patches;
      const values = ((1 + channels + c) * spots + spot) * patches;
      let sum = 0;
      for (let i = 0; i < patches; i++) sum += data[keys + i]! * weights[row + i]!;
      const to = (c * spots + spot) * patches;
      for (let i = 0; i < patches; i++) out.data[to + i] = Math.max(0, data[values + i]!) * sum;
    }
  }
  return out;
}
