/** A context for a single op, whose parameters have the values that a test gives. */
import type { Operation, Parameter } from '../../../src/core/model/module';
import { growingScratch, type Context } from '../../../src/engine/context';
import { plainKernels } from '../../../src/engine/kernels/plain';
import { missing, opOf } from '../../../src/engine/ops';
import type { Leaf } from '../../../src/engine/ops/op';
import { Pace } from '../../../src/engine/pace';
import { matrix, tensor, zeros, type Tensor, type Value } from '../../../src/engine/tensor';

/** @param maps gets the maps of each attention that runs. */
export function contextOf(
  values: ReadonlyMap<Parameter, ArrayLike<number>> = new Map(),
  maps: Float32Array[] = [],
): Context {
  return {
    kernels: plainKernels,
    pace: new Pace(),
    zeros,
    scratch: growingScratch(),
    attention: ({ heads }, queries, keys) => {
      const own = new Float32Array(heads * queries * keys);
      maps.push(own);
      return { maps: own, output: true };
    },
    attended: () => {},
    weights: {
      origin: { type: 'seeded', seed: 0 },
      missing: [],
      unused: [],
      sourceOf: () => ({ type: 'computed' }),
      close: async () => {},
      rows: (parameter, first, count, into, at = 0) => {
        const { columns } = matrix(parameter.shape);
        into.set(Array.from(values.get(parameter)!).slice(first * columns, (first + count) * columns), at);
        return Promise.resolve();
      },
    },
  };
}

/** What an op makes of tensors; its shape must be what the op foretold. */
export async function compute(
  run: Leaf | Operation,
  inputs: readonly Value[],
  context = contextOf(),
): Promise<Tensor> {
  const reason = missing(run);
  if (reason !== undefined) throw new Error(reason);
  const op = opOf(run)!;
  const foretold = op.shape(
    run,
    inputs.map(({ shape }) => shape),
  );
  const result = tensor(await op.run(run, inputs, context, 'tested'));
  if (String(foretold) !== String(result.shape))
    throw new Error(`${String(foretold)} became ${String(result.shape)}`);
  return result;
}
