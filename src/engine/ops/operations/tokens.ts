/** Operations on sequences: ids, and which tokens go on. */
import type { Parameter } from '../../../core/model/module';
import type { Context } from '../../context';
import { RunFailure } from '../../failure';
import { ids, idsOf, matrix, product, tensor, type Shape, type Tensor } from '../../tensor';
import { vector } from '../linear';
import type { OperationOps } from '../op';

export const tokenOps = {
  zeros: {
    shape: (_, [x]) => x!,
    run: (_, [x]) => Promise.resolve(ids(idsOf(x).ids.map(() => 0))),
  },
  firstToken: {
    shape: (_, [x]) => [1, ...x!.slice(1)],
    run: (_, [x], context) => Promise.resolve(tokens(tensor(x), 0, 1, context)),
  },
  lastToken: {
    shape: (_, [x]) => [1, ...x!.slice(1)],
    run: (_, [x], context) => Promise.resolve(tokens(tensor(x), tensor(x).shape[0]! - 1, 1, context)),
  },
  dropTokens: {
    shape: ({ count }, [x]) => [x![0]! - count, ...x!.slice(1)],
    run: ({ count }, [x], context) =>
      Promise.resolve(tokens(tensor(x), count, tensor(x).shape[0]! - count, context)),
  },
  lastTokens: {
    shape: ({ count }, [x]) => [Math.min(x![0]!, count), ...x!.slice(1)],
    run: ({ count }, [x], context) => {
      const from = Math.max(0, tensor(x).shape[0]! - count);
      return Promise.resolve(tokens(tensor(x), from, tensor(x).shape[0]! - from, context));
    },
  },
  meanTokens: {
    shape: (_, [x]) => [1, ...x!.slice(1)],
    run: ({ first }, [x], context) => Promise.resolve(mean(tensor(x), first, context)),
  },
  prependTokens: {
    shape: ({ token }, [x]) => [x![0]! + rowsOf(token, x!), x![1]!],
    run: async ({ token, behind = 0 }, [x], context) =>
      inserted(tensor(x), behind, await vector(token, context), context),
  },
  appendTokens: {
    shape: ({ token }, [x]) => [x![0]! + rowsOf(token, x!), x![1]!],
    run: async ({ token }, [x], context) =>
      inserted(tensor(x), tensor(x).shape[0]!, await vector(token, context), context),
  },
  learnedSequence: {
    shape: ({ table }) => table.shape.slice(-2),
    run: async ({ table }, _, context) => {
      const out = context.zeros(...table.shape.slice(-2));
      out.data.set(await vector(table, context));
      return out;
    },
  },
  hashIds: {
    shape: (_, [x]) => x!,
    missing: ({ prime }) => (prime > 0 ? undefined : 'more hash functions than the class has primes'),
    run: ({ prime, buckets }, [x]) =>
      Promise.resolve(ids(Array.from(idsOf(x).ids, (id) => ((id + 1) * prime) % buckets))),
  },
  repeatTokens: {
    shape: (_, [x, other]) => [other![0]!, ...x!.slice(1)],
    run: ({ factor }, [x, other], context) => {
      const { shape, data } = tensor(x);
      const [last, width, length] = [shape[0]! - 1, shape[1]!, tensor(other).shape[0]!];
      const out = context.zeros(length, width);
      for (let i = 0; i < length; i++) {
        const from = Math.min(last, 1 + Math.floor(i / factor)) * width;
        out.data.set(data.subarray(from, from + width), i * width);
      }
      return Promise.resolve(out);
    },
  },
  // Nothing that was given sees the padding, and it is taken away at the end: it is not computed.
  padTokens: {
    shape: (_, [x]) => x!,
    run: (_, [x]) => Promise.resolve(x),
  },
  concatenate: {
    shape: ({ axis }, shapes) => {
      const at = joinedAxis(axis, shapes[0]!);
      const all = shapes.reduce((sum, shape) => sum + shape[at]!, 0);
      return shapes[0]!.with(at, all);
    },
    run: ({ axis }, inputs, context) => Promise.resolve(concatenated(axis, inputs.map(tensor), context)),
  },
  addTable: {
    shape: (_, [x]) => x!,
    run: async ({ table, index = 0 }, [x], context) => {
      const { shape, data } = tensor(x);
      const { columns } = matrix(table.shape);
      const [rows, stacked] = [data.length / columns, table.shape.at(-2)!];
      if (shape.at(-1) !== columns || rows > stacked) {
        throw new RunFailure(
          'tooLong',
          `positions for ${stacked} tokens of ${columns}, and the input makes ${rows} of ${shape.at(-1)}`,
        );
      }
      const out = context.zeros(...shape);
      await context.weights.rows(table, index * stacked, rows, out.data);
      for (let i = 0; i < data.length; i++) out.data[i]! += data[i]!;
      return out;
    },
  },
  addAxial: {
    shape: (_, [x]) => x!,
    missing: ({ tables }) => (tables.length === 2 ? undefined : `axial positions of ${tables.length} axes`),
    run: async ({ tables }, [x], context) => {
      const { shape, data } = tensor(x);
      const [length, width] = [shape[0]!, shape[1]!];
      const columns = tables[1]!.shape[1]!;
      const rowWidth = tables[0]!.shape[2]!;
      const rows = await vector(tables[0]!, context);
      const others = await vector(tables[1]!, context);
      const out = context.zeros(length, width);
      for (let p = 0; p < length; p++) {
        const [row, column] = [Math.floor(p / columns), p % columns];
        for (let j = 0; j < width; j++) {
          const own =
            j < rowWidth ? rows[row * rowWidth + j]! : others[column * (width - rowWidth) + j - rowWidth]!;
          out.data[p * width + j] = data[p * width + j]! + own;
        }
      }
      return out;
    },
  },
  addVector: {
    shape: (_, [x]) => x!,
    run: async (run, [x], context) => {
      const added = await vector(run.vector, context);
      const { shape, data } = tensor(x);
      const out = context.zeros(...shape);
      for (let i = 0; i < data.length; i++) out.data[i] = data[i]! + added[i % added.length]!;
      return out;
    },
  },
} satisfies OperationOps;

/** Positions [first, first + count) of x [s, width]. */
function tokens(x: Tensor, first: number, count: number, context: Context): Tensor {
  const width = x.shape[1]!;
  const out = context.zeros(count, width);
  out.data.set(x.data.subarray(first * width, (first + count) * width));
  return out;
}

/** Tokens that a learned tensor [1, n, width], or [width] for one, holds. */
function rowsOf(token: Parameter, x: Shape): number {
  return product(token.shape) / x[1]!;
}

/** Learned tokens among those of x, behind its first ones. */
function inserted({ shape, data }: Tensor, behind: number, token: Float32Array, context: Context): Tensor {
  const width = shape[1]!;
  const out = context.zeros(shape[0]! + token.length / width, width);
  const at = behind * width;
  out.data.set(data.subarray(0, at));
  out.data.set(token, at);
  out.data.set(data.subarray(at), at + token.length);
  return out;
}

/** The average of the positions, or of so many first ones: [1, width]. */
function mean({ shape, data }: Tensor, first: number | undefined, context: Context): Tensor {
  const width = shape[1]!;
  const count = Math.min(first ?? shape[0]!, shape[0]!);
  const sums = new Float64Array(width);
  for (let i = 0; i < count * width; i++) sums[i % width]! += data[i]!;
  const out = context.zeros(1, width);
  for (let j = 0; j < width; j++) out.data[j] = sums[j]! / count;
  return out;
}

function joinedAxis(axis: 'features' | 'tokens' | 'channels', first: Shape): number {
  return axis === 'features' ? first.length - 1 : 0;
}

/** Tensors side by side along one axis; the other axes are alike. */
function concatenated(
  axis: 'features' | 'tokens' | 'channels',
  all: readonly Tensor[],
  context: Context,
): Tensor {
  const at = joinedAxis(axis, all[0]!.shape);
  const lengths = all.map(({ shape }) => product(shape.slice(at)));
  const row = lengths.reduce((sum, length) => sum + length, 0);
  const size = all.reduce((sum, { shape }) => sum + shape[at]!, 0);
  const out = context.zeros(...all[0]!.shape.with(at, size));
  let start = 0;
  for (const [index, { data }] of all.entries()) {
    const length = lengths[index]!;
    for (let i = 0; i * length < data.length; i++) {
      out.data.set(data.subarray(i * length, (i + 1) * length), i * row + start);
    }
    start += length;
  }
  return out;
}
