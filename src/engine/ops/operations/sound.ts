/** Operations on frames of sound, [channels, frames] or [frames, width]. */
import type { Context } from '../../context';
import { RunFailure } from '../../failure';
import { tensor, type Tensor } from '../../tensor';
import { vector } from '../linear';
import type { OperationOps } from '../op';

export const soundOps = {
  gatedChannels: {
    shape: (_, [x]) => [Math.floor(x![0]! / 2), ...x!.slice(1)],
    run: (_, [x], context) => Promise.resolve(gated(tensor(x), context)),
  },
  dropLastFrames: {
    shape: ({ count }, [x]) => [x![0]!, Math.max(0, x![1]! - count)],
    run: ({ count }, [x], context) => {
      const [channels, frames] = [tensor(x).shape[0]!, tensor(x).shape[1]!];
      return Promise.resolve(fitted(tensor(x), channels, frames, Math.max(0, frames - count), context));
    },
  },
  padFrames: {
    shape: ({ before, after }, [x]) => [x![0]!, before + x![1]! + after],
    run: ({ before, after }, [x], context) => {
      const [channels, frames] = [tensor(x).shape[0]!, tensor(x).shape[1]!];
      const out = context.zeros(channels, before + frames + after);
      for (let c = 0; c < channels; c++) {
        const own = tensor(x).data.subarray(c * frames, (c + 1) * frames);
        out.data.set(own, c * (before + frames + after) + before);
      }
      return Promise.resolve(out);
    },
  },
  fitTokens: {
    shape: (_, [x, other]) => [other![0]!, ...x!.slice(1)],
    run: (_, [x, other], context) => {
      const { shape, data } = tensor(x);
      const out = context.zeros(other!.shape[0]!, ...shape.slice(1));
      out.data.set(data.subarray(0, out.data.length));
      return Promise.resolve(out);
    },
  },
  weighLayers: {
    shape: ({ squeeze = 1 }, [x]) => [Math.floor(x![0]! / squeeze), ...x!.slice(1)],
    run: async ({ weights, last }, [x], context) => {
      const { states = [] } = context;
      const all = last === 'output' ? [...states.slice(0, -1), tensor(x)] : states;
      return weighed(all, await vector(weights, context), context);
    },
  },
  spreadTokens: {
    shape: ({ factor }, [x]) => [x![0]! * factor, x![1]! / factor],
    run: ({ factor }, [x]) => {
      const { shape, data } = tensor(x);
      return Promise.resolve({ shape: [shape[0]! * factor, shape[1]! / factor], data });
    },
  },
} satisfies OperationOps;

/** The sum of states, weighed by the softmax of as many weights. */
function weighed(states: readonly Tensor[], weights: Float32Array, context: Context): Tensor {
  if (states.length !== weights.length || !context.kernels.softmax(weights, 0, weights.length)) {
    throw new RunFailure('engine', `${weights.length} weights for ${states.length} states, or not finite`);
  }
  const out = context.zeros(...states[0]!.shape);
  for (const [index, { data }] of states.entries()) {
    for (let i = 0; i < data.length; i++) out.data[i]! += weights[index]! * data[i]!;
  }
  return out;
}

/** [2c, …] → [c, …]: the first half times the sigmoid of the second. */
function gated({ shape, data }: Tensor, context: Context): Tensor {
  const half = data.length / 2;
  const out = context.zeros(shape[0]! / 2, ...shape.slice(1));
  for (let i = 0; i < half; i++) out.data[i] = data[i]! / (1 + Math.exp(-data[half + i]!));
  return out;
}

/** The first `kept` of each row's elements. */
function fitted({ data }: Tensor, rows: number, columns: number, kept: number, context: Context): Tensor {
  const out = context.zeros(rows, kept);
  for (let row = 0; row < rows; row++) {
    out.data.set(data.subarray(row * columns, row * columns + kept), row * kept);
  }
  return out;
}
