/** Norms of feature maps, whose channels are the first axis, and those that look at all positions of a channel. */
import type { Norm } from '../../core/model/module';
import { RunFailure } from '../failure';
import type { Context } from '../context';
import { tensor, type Tensor, type Value } from '../tensor';
import { vector } from './linear';

/** Where the elements of a channel are: `count` runs of `length` elements, `step` apart. */
interface Layout {
  readonly channels: number;
  readonly positions: number;
  /** Elements between two channels, and between two positions. */
  readonly channelStep: number;
  readonly positionStep: number;
}

/** What is taken away from each channel at each position, and what the rest is multiplied by. */
type Moments = (channel: number, position: number) => readonly [mean: number, factor: number];

export function isMapNorm({ type, axis }: Norm): boolean {
  return axis === 'channels' || type === 'batch' || type === 'group' || type === 'response';
}

/** x [channels, …], or [positions, channels] where the norm is of the last axis; the same shape. */
export async function mapNorm(module: Norm, input: Value, context: Context): Promise<Tensor> {
  const x = tensor(input);
  const layout = layoutOf(module, x);
  const out = context.zeros(...x.shape);
  const moments = await momentsOf(module, x.data, layout, context);
  const weight = module.weight && (await vector(module.weight, context));
  const bias = module.bias && (await vector(module.bias, context));
  const { channels, positions, channelStep, positionStep } = layout;
  for (let channel = 0; channel < channels; channel++) {
    const [scale, shift] = [weight?.[channel] ?? 1, bias?.[channel] ?? 0];
    for (let position = 0; position < positions; position++) {
      const at = channel * channelStep + position * positionStep;
      const [mean, factor] = moments(channel, position);
      const normal = (x.data[at]! - mean) * factor * scale + shift;
      out.data[at] = module.type === 'response' ? normal + x.data[at]! : normal;
    }
    await context.pace.step();
  }
  return out;
}

function layoutOf({ axis, type, width }: Norm, { shape, data }: Tensor): Layout {
  const positions = data.length / width;
  const first = axis === 'channels' || type === 'group';
  if ((first ? shape[0] : shape.at(-1)) !== width) {
    throw new Error(`a norm of ${width} channels got [${shape.join(', ')}]`);
  }
  return first
    ? { channels: width, positions, channelStep: positions, positionStep: 1 }
    : { channels: width, positions, channelStep: 1, positionStep: width };
}

async function momentsOf(module: Norm, x: Float32Array, layout: Layout, context: Context): Promise<Moments> {
  switch (module.type) {
    case 'batch':
      return kept(module, context);
    case 'group':
      return groups(module, x, layout);
    case 'response':
      return responses(x, layout);
    default:
      return positions(module, x, layout);
  }
}

/** BatchNorm in a trained model: the means and variances that training left. */
async function kept({ parameters, epsilon }: Norm, context: Context): Promise<Moments> {
  const { running_mean: mean, running_var: variance } = parameters;
  if (mean === undefined || variance === undefined) {
    throw new RunFailure('unsupported', 'batch normalisation without kept statistics');
  }
  const means = await vector(mean, context);
  const factors = (await vector(variance, context)).map((value) => 1 / Math.sqrt(value + epsilon));
  return (channel) => [means[channel]!, factors[channel]!];
}

/** Over the channels of a group and all positions. */
function groups({ groups: count = 1, epsilon }: Norm, x: Float32Array, { channels }: Layout): Moments {
  const size = x.length / count;
  const moments = Array.from({ length: count }, (_, group) => {
    let [sum, squares] = [0, 0];
    for (let i = group * size; i < (group + 1) * size; i++) sum += x[i]!;
    const mean = sum / size;
    for (let i = group * size; i < (group + 1) * size; i++) squares += (x[i]! - mean) ** 2;
    return [mean, 1 / Math.sqrt(squares / size + epsilon)] as const;
  });
  return (channel) => moments[Math.floor((channel * count) / channels)]!;
}

/** A channel's length over all positions, by the mean length of all channels (ConvNeXt v2, whose class adds 1e-6). */
function responses(x: Float32Array, { channels, positions, channelStep, positionStep }: Layout): Moments {
  const lengths = new Float64Array(channels);
  for (let channel = 0; channel < channels; channel++) {
    for (let position = 0; position < positions; position++) {
      lengths[channel]! += x[channel * channelStep + position * positionStep]! ** 2;
    }
    lengths[channel] = Math.sqrt(lengths[channel]!);
  }
  const mean = lengths.reduce((sum, length) => sum + length, 0) / channels;
  return (channel) => [0, lengths[channel]! / (mean + 1e-6)];
}

/** LayerNorm or RMSNorm of the channels at each position. */
function positions({ type, epsilon }: Norm, x: Float32Array, layout: Layout): Moments {
  const { channels, positions: count, channelStep, positionStep } = layout;
  const means = new Float64Array(count);
  const factors = new Float64Array(count);
  const add = (into: Float64Array, of: (value: number, position: number) => number): void => {
    for (let channel = 0; channel < channels; channel++) {
      for (let position = 0; position < count; position++) {
        into[position]! += of(x[channel * channelStep + position * positionStep]!, position) / channels;
      }
    }
  };
  if (type === 'layer') add(means, (value) => value);
  add(factors, (value, position) => (value - means[position]!) ** 2);
  for (let i = 0; i < count; i++) factors[i] = 1 / Math.sqrt(factors[i]! + epsilon);
  return (_, position) => [means[position]!, factors[position]!];
}
