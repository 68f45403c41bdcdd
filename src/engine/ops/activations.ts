/** Activations by the names that transformers gives them. */
import type { Pace } from '../pace';
import { erf } from './erf';

type Scalar = (x: number) => number;

const SQRT_2_OVER_PI = Math.sqrt(2 / Math.PI);

const sigmoid: Scalar = (x) => 1 / (1 + Math.exp(-x));
const silu: Scalar = (x) => x / (1 + Math.exp(-x));
const relu: Scalar = (x) => (x > 0 ? x : 0);
const gelu: Scalar = (x) => 0.5 * x * (1 + erf(x * Math.SQRT1_2));
const tanhGelu: Scalar = (x) => 0.5 * x * (1 + Math.tanh(SQRT_2_OVER_PI * (x + 0.044715 * x * x * x)));
/** log(1 + eˣ), linear where eˣ would overflow. */
const softplus: Scalar = (x) => (x > 20 ? x : Math.log1p(Math.exp(x)));

const activations: ReadonlyMap<string, Scalar> = new Map<string, Scalar>([
  ['gelu', gelu],
  ['gelu_python', gelu],
  ['gelu_10', (x) => Math.min(10, Math.max(-10, gelu(x)))],
  ['gelu_new', tanhGelu],
  ['gelu_fast', tanhGelu],
  ['gelu_accurate', tanhGelu],
  ['gelu_pytorch_tanh', tanhGelu],
  ['gelu_python_tanh', tanhGelu],
  ['quick_gelu', (x) => x * sigmoid(1.702 * x)],
  ['silu', silu],
  ['swish', silu],
  ['relu', relu],
  ['relu2', (x) => relu(x) ** 2],
  ['relu6', (x) => Math.min(6, relu(x))],
  ['leaky_relu', (x) => (x > 0 ? x : 0.01 * x)],
  ['sigmoid', sigmoid],
  ['tanh', Math.tanh],
  ['mish', (x) => x * Math.tanh(softplus(x))],
  ['hardswish', (x) => (x * Math.min(6, Math.max(0, x + 3))) / 6],
  ['linear', (x) => x],
]);

/** The name of an activation, in a reader's words, where the engine does not have it. */
export function unknownActivation(name: string): string | undefined {
  return activations.has(name) ? undefined : `activation "${name}"`;
}

/** Elements between two looks at the clock. */
const CHUNK = 1 << 16;

/** Applies an activation in place. */
export async function activate(name: string, x: Float32Array, pace: Pace): Promise<void> {
  const scalar = activations.get(name);
  if (scalar === undefined) throw new Error(`activation ${name}`);
  for (let start = 0; start < x.length; start += CHUNK) {
    const end = Math.min(x.length, start + CHUNK);
    for (let i = start; i < end; i++) x[i] = scalar(x[i]!);
    await pace.step();
  }
}
