/** Leaves of the tree: linear maps, tables, norms, feed-forwards, convolutions. */
import { buffer, parameter } from '../../model/build';
import {
  NO_CHILDREN,
  type Activation,
  type Convolution,
  type Embedding,
  type Linear,
  type Mlp,
  type Module,
  type Norm,
  type Parameter,
} from '../../model/module';

interface LinearOptions {
  /** Default true, as in torch. */
  readonly bias?: boolean | Parameter;
  /** A weight that stands elsewhere too. */
  readonly weight?: Parameter;
  readonly layout?: Linear['layout'];
  /** Standard deviation of the weight's initial values, where it is not the family's. */
  readonly deviation?: number;
}

/** weight [outputs, inputs], or [inputs, outputs] in GPT-2's Conv1D; bias [outputs]. */
export function linear(inputs: number, outputs: number, options: LinearOptions = {}): Linear {
  const layout = options.layout ?? 'output-input';
  const weight =
    options.weight ??
    started(
      options.deviation,
      layout === 'output-input' ? parameter(outputs, inputs) : parameter(inputs, outputs),
    );
  // A head that is tied to a table of another size multiplies with what it is tied to (Marian's two vocabularies).
  if (options.weight?.shape.length === 2 && layout === 'output-input') outputs = weight.shape[0]!;
  const wanted = options.bias ?? true;
  const bias = wanted === true ? parameter(outputs) : wanted === false ? undefined : wanted;
  // Written out rather than spread: every what-if builds thousands of these.
  return bias === undefined
    ? { kind: 'linear', inputs, outputs, layout, weight, parameters: { weight }, children: NO_CHILDREN }
    : {
        kind: 'linear',
        inputs,
        outputs,
        layout,
        weight,
        bias,
        parameters: { weight, bias },
        children: NO_CHILDREN,
      };
}

/** A linear map in groups, as a 1 × 1 convolution holds it: weight [outputs, inputs / groups, 1], bias [outputs]. */
export function groupedLinear(inputs: number, outputs: number, groups: number): Linear {
  const weight = parameter(outputs, inputs / groups, 1);
  return { ...linear(inputs, outputs, { weight }), groups };
}

function started(deviation: number | undefined, weight: Parameter): Parameter {
  return deviation === undefined ? weight : { ...weight, deviation };
}

/** weight [rows, width]. */
export function embedding(
  of: Embedding['of'],
  rows: number,
  width: number,
  options: { readonly weight?: Parameter; readonly offset?: number; readonly deviation?: number } = {},
): Embedding {
  const weight = options.weight ?? started(options.deviation, parameter(rows, width));
  return {
    kind: 'embedding',
    of,
    rows,
    width,
    weight,
    offset: options.offset ?? 0,
    parameters: { weight },
    children: NO_CHILDREN,
  };
}

/**
 * LayerNorm with weight and bias [width], with the weight alone, or without parameters.
 *
 * @param heads each has a weight of its own: [heads, width].
 */
export function layerNorm(
  width: number,
  epsilon: number,
  has: 'weightAndBias' | 'weight' | 'nothing' = 'weightAndBias',
  heads?: number,
): Norm {
  const parameters: Record<string, Parameter> = {};
  if (has !== 'nothing') {
    parameters['weight'] = heads === undefined ? parameter(width) : parameter(heads, width);
  }
  if (has === 'weightAndBias') parameters['bias'] = parameter(width);
  return {
    kind: 'norm',
    type: 'layer',
    width,
    epsilon,
    ...parameters,
    parameters,
    children: NO_CHILDREN,
  };
}

/** BatchNorm over feature maps [b, c, h, w]: weight and bias [width], and the statistics that it keeps of them. */
export function batchNorm(width: number, epsilon: number): Norm {
  const weight = parameter(width);
  const bias = parameter(width);
  return {
    kind: 'norm',
    type: 'batch',
    axis: 'channels',
    width,
    epsilon,
    weight,
    bias,
    parameters: {
      weight,
      bias,
      running_mean: buffer(width),
      running_var: buffer(width),
      num_batches_tracked: buffer(),
    },
    children: NO_CHILDREN,
  };
}

/** A norm of feature maps [b, c, h, w] in place of the last axis. */
export function overChannels(norm: Norm): Norm {
  return { ...norm, axis: 'channels' };
}

/** Weight and bias [width] without mean and deviation. */
export function affine(width: number): Norm {
  return { ...layerNorm(width, 0), type: 'affine' };
}

/** RMSNorm with weight [width], or without. */
export function rmsNorm(width: number, epsilon: number, has: 'weight' | 'nothing' = 'weight'): Norm {
  const parameters: Record<string, Parameter> = has === 'weight' ? { weight: parameter(width) } : {};
  return { kind: 'norm', type: 'rms', width, epsilon, ...parameters, parameters, children: NO_CHILDREN };
}

/** A norm that scales by 1 + weight (Gemma, Nemotron). */
export function onePlus(norm: Norm): Norm {
  return { ...norm, weightOffset: 1 };
}

/** Trained numbers of an activation that has some. */
function activationParameters(activation: Activation): Record<string, Parameter> {
  switch (activation) {
    case 'prelu':
      return { weight: parameter(1) };
    case 'xielu':
      return { alpha_p: parameter(1), alpha_n: parameter(1), beta: buffer(), eps: buffer() };
    default:
      return {};
  }
}

interface MlpNames {
  readonly gate?: string;
  readonly up: string;
  readonly down: string;
  /** Under which activations with parameters of their own keep them. */
  readonly activation?: string;
  readonly norm?: string;
}

/** A feed-forward whose linear maps stand under the names given: `{ up: 'fc1', down: 'fc2' }`. */
export function mlp(
  activation: Activation,
  parts: {
    readonly gate?: Linear;
    readonly up: Linear;
    readonly down: Linear;
    readonly fusedGate?: true;
    readonly norm?: Norm;
  },
  names: MlpNames,
): Mlp {
  const children: Record<string, Module> = {};
  if (parts.gate !== undefined && names.gate !== undefined) children[names.gate] = parts.gate;
  children[names.up] = parts.up;
  children[names.down] = parts.down;
  if (parts.norm !== undefined && names.norm !== undefined) children[names.norm] = parts.norm;
  const trained = activationParameters(activation);
  const own =
    names.activation === undefined || Object.keys(trained).length === 0
      ? {}
      : { activationParameters: trained };
  if (names.activation !== undefined && own.activationParameters !== undefined) {
    children[names.activation] = { kind: 'holder', parameters: trained, children: NO_CHILDREN };
  }
  return { kind: 'mlp', activation, ...parts, ...own, parameters: {}, children };
}

/** Convolution without padding whose stride is its kernel: cuts an image into patches. */
export function patchConvolution(
  inputs: number,
  outputs: number,
  patch: readonly number[],
  bias = true,
): Convolution {
  return convolution(inputs, outputs, patch, { stride: patch, bias });
}

interface ConvolutionOptions {
  /** Default 1. */
  readonly stride?: readonly number[];
  /** Default 0. */
  readonly padding?: readonly number[];
  readonly dilation?: readonly number[];
  /** Default 1. */
  readonly groups?: number;
  /** Default true, as in torch. */
  readonly bias?: boolean;
  readonly transposed?: true;
}

/** weight [outputs, inputs / groups, …kernel], or [inputs, outputs / groups, …kernel] transposed; bias [outputs]. */
export function convolution(
  inputs: number,
  outputs: number,
  kernel: readonly number[],
  options: ConvolutionOptions = {},
): Convolution {
  const { groups = 1, transposed, dilation } = options;
  const weight = transposed
    ? parameter(inputs, outputs / groups, ...kernel)
    : parameter(outputs, inputs / groups, ...kernel);
  const bias = (options.bias ?? true) ? { bias: parameter(outputs) } : {};
  return {
    kind: 'convolution',
    inputs,
    outputs,
    kernel,
    stride: options.stride ?? kernel.map(() => 1),
    padding: options.padding ?? kernel.map(() => 0),
    ...(dilation === undefined ? {} : { dilation }),
    ...(transposed === undefined ? {} : { transposed }),
    groups,
    weight,
    ...bias,
    parameters: { weight, ...bias },
    children: NO_CHILDREN,
  };
}
