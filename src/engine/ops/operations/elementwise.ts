/** Operations on each element. */
import type { Context } from '../../context';
import { each as changeEach } from '../../kernels/plain/elements';
import { tensor, type Tensor, type Value } from '../../tensor';
import { activate, unknownActivation } from '../activations';
import type { OperationOps } from '../op';

export const elementwiseOps = {
  add: {
    shape: (_, [x]) => x!,
    positionwise: () => true,
    run: (_, [a, b], context) => combined('add', a, b, context),
  },
  multiply: {
    shape: (_, [x]) => x!,
    positionwise: () => true,
    run: (_, [a, b], context) =>
      tensor(a).data.length === tensor(b).data.length
        ? combined('identity', a, b, context)
        : byChannel(tensor(a), tensor(b), context),
  },
  scale: {
    shape: (_, [x]) => x!,
    positionwise: () => true,
    run: async ({ by }, [x], context) => {
      const out = copied(tensor(x), context);
      await context.kernels.elements({ what: 'scale', x: out.data, by }, context.pace);
      return out;
    },
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
      const out = copied(tensor(x), context);
      await activate(activation, out.data, context);
      return out;
    },
  },
} satisfies OperationOps;

async function each(x: Tensor, change: (value: number) => number, context: Context): Promise<Tensor> {
  const out = copied(x, context);
  await changeEach(out.data, change, context.pace);
  return out;
}

/** a with b added, or a times b. */
async function combined(
  what: 'add' | 'identity',
  a: Value | undefined,
  b: Value | undefined,
  context: Context,
): Promise<Tensor> {
  const [left, right] = [tensor(a), tensor(b)];
  if (left.data.length !== right.data.length) {
    throw new Error(`${left.data.length} elements meet ${right.data.length}`);
  }
  const out = copied(left, context);
  await context.kernels.elements({ what, x: out.data, y: right.data }, context.pace);
  return out;
}

function copied({ shape, data }: Tensor, context: Context): Tensor {
  const out = context.zeros(...shape);
  out.data.set(data);
  return out;
}

/** x [channels, …] times a factor for each channel, [channels, 1, …]. */
function byChannel({ shape, data }: Tensor, factors: Tensor, context: Context): Promise<Tensor> {
  const channels = factors.data.length;
  if (factors.shape[0] !== shape[0] || channels !== shape[0]) {
    throw new Error(`[${shape.join(', ')}] times [${factors.shape.join(', ')}]`);
  }
  const out = context.zeros(...shape);
  const places = data.length / channels;
  for (let i = 0; i < data.length; i++) out.data[i] = data[i]! * factors.data[Math.floor(i / places)]!;
  return Promise.resolve(out);
}
