/** Activations by the names that transformers gives them. */
import type { Context } from '../context';
import type { ElementsTask } from '../kernels/kernels';
import { erf } from '../kernels/plain/erf';
import { each, scalars } from '../kernels/plain/elements';

type Scalar = (x: number) => number;

/** What a kernel does, or a function where none does it. */
type Activation = ElementsTask['what'] | Scalar;

const { gelu, relu } = scalars;
/** log(1 + eˣ), linear where eˣ would overflow. */
const softplus: Scalar = (x) => (x > 20 ? x : Math.log1p(Math.exp(x)));

const activations: ReadonlyMap<string, Activation> = new Map<string, Activation>([
  ['gelu', 'gelu'],
  ['gelu_python', 'gelu'],
  ['gelu_10', (x) => Math.min(10, Math.max(-10, gelu(x)))],
  ['gelu_new', 'tanhGelu'],
  ['gelu_fast', 'tanhGelu'],
  ['gelu_accurate', 'tanhGelu'],
  ['gelu_pytorch_tanh', 'tanhGelu'],
  ['gelu_python_tanh', 'tanhGelu'],
  ['quick_gelu', 'quickGelu'],
  ['silu', 'silu'],
  ['swish', 'silu'],
  ['relu', 'relu'],
  ['relu2', 'squaredRelu'],
  ['relu6', (x) => Math.min(6, relu(x))],
  ['leaky_relu', (x) => (x > 0 ? x : 0.01 * x)],
  ['sigmoid', 'sigmoid'],
  ['tanh', 'tanh'],
  ['mish', (x) => x * Math.tanh(softplus(x))],
  ['hardswish', (x) => (x * Math.min(6, Math.max(0, x + 3))) / 6],
  ['linear', 'identity'],
  ['laplace', (x) => 0.5 * (1 + erf((x - 0.707107) / (0.282095 * Math.SQRT2)))],
  ['sqrtsoftplus', (x) => Math.sqrt(softplus(x))],
]);

/** The name of an activation, in a reader's words, where the engine does not have it. */
export function unknownActivation(name: string): string | undefined {
  return activations.has(name) ? undefined : `activation "${name}"`;
}

/** Applies an activation in place, and multiplies with `times` where that is given. */
export async function activate(
  name: string,
  x: Float32Array,
  { kernels, pace }: Context,
  times?: Float32Array,
): Promise<void> {
  const activation = activations.get(name);
  if (activation === undefined) throw new Error(`activation ${name}`);
  const factor = times === undefined ? {} : { y: times };
  if (typeof activation === 'string') return kernels.elements({ what: activation, x, ...factor }, pace);
  if (times === undefined) return each(x, activation, pace);
  return each(x, (value, i) => activation(value) * times[i]!, pace);
}
