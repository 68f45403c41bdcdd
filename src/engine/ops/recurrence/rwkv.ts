/** RWKV-4's operations: the token before, and weighted averages of values that fade with the distance. */
import type { Context } from '../../context';
import { tensor, type Tensor } from '../../tensor';
import { vector } from '../linear';
import type { OperationOps } from '../op';

export const rwkvOps = {
  tokenShift: {
    shape: (_, [x]) => x!,
    run: async ({ mix }, [x], context) =>
      Promise.resolve(tokenShift(tensor(x), await vector(mix, context), context)),
  },
  wkv: {
    shape: (_, [k]) => k!,
    run: async ({ decay, first }, [k, v], context) => {
      const own = { decay: await vector(decay, context), first: await vector(first, context) };
      return average(tensor(k), tensor(v), own, context);
    },
  },
} satisfies OperationOps;

/** x·mix + (the token before)·(1 − mix). */
function tokenShift({ shape, data }: Tensor, mix: Float32Array, context: Context): Tensor {
  const out = context.zeros(...shape);
  const width = mix.length;
  for (let i = 0; i < data.length; i++) {
    const share = mix[i % width]!;
    out.data[i] = data[i]! * share + (i < width ? 0 : data[i - width]!) * (1 - share);
  }
  return out;
}

/** Sums are kept times exp(−largest exponent so far), as the class does, so that none overflows. */
async function average(
  keys: Tensor,
  values: Tensor,
  { decay, first }: { readonly decay: Float32Array; readonly first: Float32Array },
  context: Context,
): Promise<Tensor> {
  const out = context.zeros(...keys.shape);
  const [length, width] = [keys.shape[0]!, keys.shape[1]!];
  const above = new Float64Array(width);
  const below = new Float64Array(width);
  const largest = new Float64Array(width).fill(-1e38);
  const fading = decay.map((value) => -Math.exp(value));
  for (let s = 0; s < length; s++) {
    for (let j = 0; j < width; j++) {
      const key = keys.data[s * width + j]!;
      const value = values.data[s * width + j]!;
      const now = key + first[j]!;
      const top = Math.max(largest[j]!, now);
      const [past, own] = [Math.exp(largest[j]! - top), Math.exp(now - top)];
      out.data[s * width + j] = (past * above[j]! + own * value) / (past * below[j]! + own);
      const faded = largest[j]! + fading[j]!;
      const next = Math.max(faded, key);
      const [kept, added] = [Math.exp(faded - next), Math.exp(key - next)];
      above[j] = kept * above[j]! + added * value;
      below[j] = kept * below[j]! + added;
      largest[j] = next;
    }
    if (s % 16 === 0) await context.pace.step();
  }
  return out;
}
