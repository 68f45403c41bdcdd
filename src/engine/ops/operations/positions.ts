/** Operations that make positions: numbers of them, and vectors that stand for them. */
import type { Operation } from '../../../core/model/module';
import type { Context } from '../../context';
import { ids, idsOf, type Tensor, type Value } from '../../tensor';
import type { OperationOps } from '../op';
import { sinusoidFrequencies, writeSinusoids } from '../sinusoids';

export const positionOps = {
  positions: {
    shape: (_, [x]) => x!,
    run: ({ padding }, [x]) => Promise.resolve(ids(counted(idsOf(x).ids, padding))),
  },
  shiftRight: {
    shape: (_, [x]) => x!,
    run: ({ start }, [x]) => {
      const given = idsOf(x).ids;
      const own =
        typeof start === 'number' ? start : given[given.filter((id) => id !== start.lastBut).length - 1]!;
      return Promise.resolve(ids([own, ...given.subarray(0, -1)]));
    },
  },
  sinusoids: {
    shape: ({ width }, [x]) => [x![0]!, width],
    run: (operation, [x], context) => sinusoids(operation, x!, context),
  },
} satisfies OperationOps;

/** 0, 1, 2 … for the ids that are not padding, −1 for those that are. */
function counted(given: Int32Array, padding: number | undefined): Int32Array {
  let next = 0;
  return given.map((id) => (id === padding ? -1 : next++));
}

/** Ids [s] or vectors [s, …] → [s, width]. */
async function sinusoids(
  operation: Extract<Operation, { op: 'sinusoids' }>,
  x: Value,
  context: Context,
): Promise<Tensor> {
  const { width, first, padding, form, interleaved } = operation;
  const length = x.shape[0]!;
  const places =
    'ids' in x && padding !== undefined ? counted(x.ids, padding) : Int32Array.from({ length }, (_, i) => i);
  const frequencies = sinusoidFrequencies(width, form);
  const out = context.zeros(length, width);
  for (let i = 0; i < length; i++) {
    if (places[i]! >= 0) {
      writeSinusoids(frequencies, first + places[i]!, out.data, i * width, width, interleaved);
    }
    if (i % 256 === 255) await context.pace.step();
  }
  return out;
}
