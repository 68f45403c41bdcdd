/** Parts of convolutional networks: convolutions with their norm, squeeze and excitation, heads over an average. */
import type { Common } from '../../config/common';
import { block, type Chain } from '../../model/build';
import type { Block, Convolution, ModelInput, Module, Norm, Operation } from '../../model/module';
import type { Blueprint } from '../family';
import { batchNorm, convolution, layerNorm, overChannels } from './layers';
import { labelHead, pixelInput } from './patches';

/** The average of all places, as a sequence of one token. */
export const pooled: Chain = [{ op: 'poolAll' }, { op: 'patchesToTokens' }];

/** An activation as a step of a chain. */
export function act(activation: string): Operation {
  return { op: 'activation', activation };
}

/** No config says the size of its images: that of ImageNet. */
export function imageNet(c: { readonly num_channels: number }): ModelInput[] {
  return pixelInput({ num_channels: c.num_channels, image_size: [224, 224] });
}

/** A norm of all channels of a map in so many groups. */
export function groupNorm(groups: number, width: number, epsilon = 1e-5): Norm {
  return { ...overChannels(layerNorm(width, epsilon)), type: 'group', groups };
}

interface MapConvolution {
  readonly inputs: number;
  readonly outputs: number;
  readonly kernel: number;
  /** Default 1. */
  readonly stride?: number;
  /** Default: half of the kernel, which keeps the size but for the stride. `same` is TensorFlow's padding. */
  readonly padding?: number | 'same';
  readonly dilation?: number;
  readonly groups?: number;
  /** Default false. */
  readonly bias?: boolean;
}

/** A convolution with a square kernel, and the padding that depends on the size of the map. */
export function mapConvolution(shape: MapConvolution): { module: Convolution; chain: Chain } {
  const { inputs, outputs, kernel, stride = 1, dilation = 1, groups = 1, bias = false } = shape;
  const { padding = Math.floor(kernel / 2) } = shape;
  const fixed = padding === 'same' ? 0 : padding;
  const module = convolution(inputs, outputs, [kernel, kernel], {
    stride: [stride, stride],
    padding: [fixed, fixed],
    groups,
    bias,
    ...(dilation === 1 ? {} : { dilation: [dilation, dilation] }),
  });
  const before: Chain = padding === 'same' ? [{ op: 'padSame', kernel, stride, dilation }] : [];
  return { module, chain: [...before, module] };
}

/** A convolution of each place alone, under the name that the classes give it. */
export function pointwise(inputs: number, outputs: number, bias = false): Block {
  const { module } = mapConvolution({ inputs, outputs, kernel: 1, bias });
  return block('part', { convolution: module }, (trace, x) => trace.run(module, x));
}

export interface NormedConvolution extends MapConvolution {
  /** None where left out. */
  readonly activation?: string | undefined;
  /** Of the BatchNorm; default 1e-5. */
  readonly epsilon?: number;
  /** Default `convolution` and `normalization`. */
  readonly names?: readonly [convolution: string, norm: string];
}

/** Convolution, BatchNorm, activation: [b, in, h, w] → [b, out, h', w']. */
export function normedConvolution(shape: NormedConvolution): Block {
  const { module, chain } = mapConvolution(shape);
  const norm = batchNorm(shape.outputs, shape.epsilon ?? 1e-5);
  const [convolutionName, normName] = shape.names ?? ['convolution', 'normalization'];
  const after = shape.activation === undefined ? [] : [act(shape.activation)];
  return block('part', { [convolutionName]: module, [normName]: norm }, (trace, x) =>
    trace.chain(x, ...chain, norm, ...after),
  );
}

/** Expansion, convolution of each channel, and reduction without activation; added to x where the shapes agree. */
export function invertedResidual(
  convolved: (shape: NormedConvolution) => Block,
  shape: {
    readonly inputs: number;
    readonly outputs: number;
    readonly expanded: number;
    readonly stride: number;
    readonly dilation: number;
  },
): Block {
  const { inputs, outputs, expanded, stride, dilation } = shape;
  const wide = { inputs: expanded, outputs: expanded, groups: expanded };
  const children = {
    expand_1x1: convolved({ inputs, outputs: expanded, kernel: 1 }),
    conv_3x3: convolved({ ...wide, kernel: 3, stride, dilation }),
    reduce_1x1: convolved({ inputs: expanded, outputs, kernel: 1, activation: undefined }),
  };
  return block('layer', children, (trace, x) => {
    const reduced = trace.chain(x, ...Object.values(children));
    return stride === 1 && inputs === outputs ? trace.add(x, reduced) : reduced;
  });
}

/** Squeeze and excitation (Hu et al. 2018): each channel times a gate that two linear maps make of all averages. */
export function squeezeExcitation(
  width: number,
  reduced: number,
  activation: string,
  names: readonly [reduce: string, expand: string],
): Block {
  const [reduce, expand] = [convolution(width, reduced, [1, 1]), convolution(reduced, width, [1, 1])];
  return block('part', { [names[0]]: reduce, [names[1]]: expand }, (trace, x) => {
    const gates = trace.chain(x, { op: 'poolAll' }, reduce, act(activation), expand, act('sigmoid'));
    return trace.run({ op: 'multiply' }, x, gates);
  });
}

/** A body whose map is averaged, and a head over the labels. */
export function mapClassification(
  c: Common,
  inputs: readonly ModelInput[],
  [name, body]: readonly [string, Block],
  width: number,
  parts: { readonly reduce?: Chain; readonly children?: Record<string, Module>; readonly head?: string } = {},
): Blueprint {
  const { reduce = pooled, children = {}, head: headName = 'classifier' } = parts;
  const heads = labelHead(c, width);
  const all = { [name]: body, ...children, ...(heads[0] === undefined ? {} : { [headName]: heads[0] }) };
  return {
    root: block('model', all, (trace, pixels) => trace.chain(pixels, body, ...reduce, ...heads)),
    inputs,
  };
}
