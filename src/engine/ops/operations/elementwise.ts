/** Operations on each element. */
import type { Context } from '../../context';
import { tensor, type Tensor, type Value } from '../../tensor';
import { activate, unknownActivation } from '../activations';
import type { OperationOps } from '../op';

export const elementwiseOps = {
  add: {
    shape: (_, [x]) => x!,
    positionwise: () => true,
    run: (_, inputs, context) => both(inputs, (a, b) => a + b, context),
  },
  multiply: {
    shape: (_, [x]) => x!,
    positionwise: () => true,
    run: (_, inputs, context) => both(inputs, (a, b) => a * b, context),
  },
  scale: {
    shape: (_, [x]) => x!,
    positionwise: () => true,
    run: ({ by }, [x], context) => each(tensor(x), (value) => value * by, context),
  },
  softCap: {
    shape: (_, [x]) => x!,
    positionwise: () => true,
    run: ({ cap }, [x], context) => each(tensor(x), (value) => cap * Math.tanh(value / cap), context),
  },
  activation: {
    shape: (_, [x]) => x!,
    positionwise: () => true,
    missing: ({ activation }) => unknownActivation(activation),
    run: async ({ activation }, [x], context) => {
      const out = await each(tensor(x), (value) => value, context);
      await activate(activation, out.data, context);
      return out;
    },
  },
} satisfies OperationOps;

function each({ shape, data }: Tensor, change: (value: number) => number, context: Context): Promise<Tensor> {
  const out = context.zeros(...shape);
  for (let i = 0; i < data.length; i++) out.data[i] = change(data[i]!);
  return Promise.resolve(out);
}

function both(
  inputs: readonly Value[],
  combine: (a: number, b: number) => number,
  context: Context,
): Promise<Tensor> {
  const a = tensor(inputs[0]);
  const b = tensor(inputs[1]).data;
  if (a.data.length !== b.length) throw new Error(`${a.data.length} elements meet ${b.length}`);
  const out = context.zeros(...a.shape);
  for (let i = 0; i < b.length; i++) out.data[i] = combine(a.data[i]!, b[i]!);
  return Promise.resolve(out);
}
