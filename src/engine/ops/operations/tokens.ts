/** Operations on sequences: ids, and which tokens go on. */
import type { Context } from '../../context';
import { ids, idsOf, matrix, tensor, type Tensor } from '../../tensor';
import { vector } from '../linear';
import type { OperationOps } from '../op';

export const tokenOps = {
  positions: {
    shape: (_, [x]) => x!,
    run: (_, [x]) => Promise.resolve(ids(idsOf(x).ids.keys())),
  },
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
  prependTokens: {
    shape: ({ token }, [x]) => [x![0]! + matrix(token.shape).rows, x![1]!],
    missing: ({ behind }) => (behind === undefined ? undefined : 'tokens put inside of a sequence'),
    run: async (run, [x], context) => {
      const token = await vector(run.token, context);
      const { shape, data } = tensor(x);
      const out = context.zeros(shape[0]! + token.length / shape[1]!, shape[1]!);
      out.data.set(token);
      out.data.set(data, token.length);
      return out;
    },
  },
  addTable: {
    shape: (_, [x]) => x!,
    missing: ({ index }) => (index === undefined ? undefined : 'a stack of tables'),
    run: async (run, [x], context) => {
      const table = await vector(run.table, context);
      const { shape, data } = tensor(x);
      if (table.length < data.length) throw new Error('addTable: the table is shorter than the sequence');
      const out = context.zeros(...shape);
      for (let i = 0; i < data.length; i++) out.data[i] = data[i]! + table[i]!;
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
