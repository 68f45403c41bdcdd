/** What kernels do to each element, in plain TypeScript. */
import type { Pace } from '../../pace';
import type { ElementsTask } from '../kernels';
import { erf } from './erf';

type Scalar = (x: number) => number;

const SQRT_2_OVER_PI = Math.sqrt(2 / Math.PI);

/** Elements between two looks at the clock. */
const CHUNK = 1 << 16;

export const scalars = {
  gelu: (x) => 0.5 * x * (1 + erf(x * Math.SQRT1_2)),
  tanhGelu: (x) => 0.5 * x * (1 + Math.tanh(SQRT_2_OVER_PI * (x + 0.044715 * x * x * x))),
  quickGelu: (x) => x / (1 + Math.exp(-1.702 * x)),
  silu: (x) => x / (1 + Math.exp(-x)),
  relu: (x) => (x < 0 ? 0 : x),
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  tanh: Math.tanh,
  identity: (x) => x,
  squaredRelu: (x) => (x < 0 ? 0 : x) ** 2,
} satisfies Record<string, Scalar>;

export async function elements({ what, x, y, by = 1 }: ElementsTask, pace: Pace): Promise<void> {
  if (what === 'add') return each(x, (value, i) => value + y![i]!, pace);
  if (what === 'scale') return each(x, (value) => value * by, pace);
  const scalar: Scalar = scalars[what];
  if (y === undefined) return each(x, scalar, pace);
  return each(x, (value, i) => scalar(value) * y[i]!, pace);
}

/** Changes each element in place. */
export async function each(
  x: Float32Array,
  change: (value: number, index: number) => number,
  pace: Pace,
): Promise<void> {
  for (let start = 0; start < x.length; start += CHUNK) {
    const end = Math.min(x.length, start + CHUNK);
    for (let i = start; i < end; i++) x[i] = change(x[i]!, i);
    await pace.step();
  }
}
