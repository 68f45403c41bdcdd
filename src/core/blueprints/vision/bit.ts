/** BiT (Kolesnikov et al. 2019): ResNet v2 with standardised weights and group norms. */
import { activation, type Common } from '../../config/common';
import { flag, size, sizes, text, type Key, type Values } from '../../config/keys';
import { block, listed, type Chain } from '../../model/build';
import type { Block, Convolution, Module, Norm } from '../../model/module';
import { act, groupNorm, imageNet, mapClassification, mapConvolution } from '../blocks/maps';
import { divisible } from '../blocks/rounding';
import { family, type Blueprint } from '../family';

/** Null is torch's padding; the class reads the names in any case. */
const paddingKey: Key<string> = { ...text('', []), nullable: true };
const PADDINGS = ['', 'SAME', 'VALID'];

const keys = {
  num_channels: size(3),
  embedding_size: size(64),
  hidden_sizes: sizes([256, 512, 1024, 2048]),
  depths: sizes([3, 4, 6, 3], { min: 0 }),
  layer_type: text('preactivation', ['preactivation', 'bottleneck']),
  hidden_act: activation('relu'),
  global_padding: { ...paddingKey, values: PADDINGS.flatMap((name) => [name, name.toLowerCase()]) },
  num_groups: size(32),
  embedding_dynamic_padding: flag(false),
  output_stride: size(32),
  width_factor: size(1),
} as const;

type Config = Values<typeof keys> & Common;

interface Shape {
  readonly inputs: number;
  readonly outputs: number;
  readonly kernel: number;
  readonly stride?: number;
  readonly dilation?: number;
}

/** A convolution whose weights are standardised, with the padding that the config wants. */
function standardized(c: Config, shape: Shape): { module: Convolution; chain: Chain } {
  const { kernel, stride = 1, dilation = 1 } = shape;
  const reach = dilation * (kernel - 1);
  const even = Math.floor((stride - 1 + reach) / 2);
  const padding = c.global_padding.toUpperCase();
  const fitted = stride === 1 && reach % 2 === 0 ? even : 'same';
  const plain = mapConvolution({
    ...shape,
    padding: padding === 'VALID' ? 0 : padding === 'SAME' ? fitted : even,
  });
  const module: Convolution = { ...plain.module, standardized: 1e-8 };
  return { module, chain: plain.chain.map((each) => (each === plain.module ? module : each)) };
}

function norm(c: Config, width: number): Norm {
  return groupNorm(c.num_groups, width);
}

/** A layer's outputs, and how many channels it has between its convolutions. */
function widths(c: Config, size: number): { outputs: number; middle: number } {
  const outputs = divisible(size * c.width_factor, 8);
  return { outputs, middle: divisible(outputs * 0.25, 8) };
}

/** Widths that the stages' norms cut into groups. */
function normedWidths(c: Config): number[] {
  const stages = c.hidden_sizes.slice(0, c.depths.length).filter((_, index) => c.depths[index]! > 0);
  const last = c.layer_type === 'preactivation' ? [c.hidden_sizes.at(-1)!] : [];
  return [...stages.flatMap((size) => Object.values(widths(c, size))), ...last];
}

interface Layer {
  readonly inputs: number;
  readonly outputs: number;
  readonly middle: number;
  readonly stride: number;
  readonly dilation: number;
  /** Its shortcut is a convolution. */
  readonly first: boolean;
}

/** x + convolutions, each of which reads a norm and an activation; the shortcut reads the first of those. */
function preactivation(c: Config, { inputs, outputs, middle, stride, first }: Layer): Block {
  const norms = [norm(c, inputs), norm(c, middle), norm(c, middle)];
  const convolutions = [
    standardized(c, { inputs, outputs: middle, kernel: 1 }),
    standardized(c, { inputs: middle, outputs: middle, kernel: 3, stride }),
    standardized(c, { inputs: middle, outputs, kernel: 1 }),
  ];
  const down = standardized(c, { inputs, outputs, kernel: 1, stride });
  const children: Record<string, Module> = first ? { 'downsample.conv': down.module } : {};
  norms.forEach((each, index) => {
    children[`norm${index + 1}`] = each;
    children[`conv${index + 1}`] = convolutions[index]!.module;
  });
  const activation = act(c.hidden_act);
  return block('layer', children, (trace, x) => {
    const ready = trace.chain(x, norms[0]!, activation);
    const shortcut = first ? trace.chain(ready, ...down.chain) : x;
    const [one, two, three] = convolutions.map(({ chain }) => chain);
    const branch = trace.chain(
      ready,
      ...one!,
      norms[1]!,
      activation,
      ...two!,
      norms[2]!,
      activation,
      ...three!,
    );
    return trace.add(branch, shortcut);
  });
}

/** act(shortcut x + convolutions, each with its norm behind it). */
function bottleneck(c: Config, { inputs, outputs, middle, stride, dilation, first }: Layer): Block {
  const norms = [norm(c, middle), norm(c, middle), norm(c, outputs)];
  const convolutions = [
    standardized(c, { inputs, outputs: middle, kernel: 1 }),
    standardized(c, { inputs: middle, outputs: middle, kernel: 3, stride, dilation }),
    standardized(c, { inputs: middle, outputs, kernel: 1 }),
  ];
  const down = standardized(c, { inputs, outputs, kernel: 1, stride });
  const downNorm = norm(c, outputs);
  const children: Record<string, Module> = first
    ? { 'downsample.conv': down.module, 'downsample.norm': downNorm }
    : {};
  norms.forEach((each, index) => {
    children[`conv${index + 1}`] = convolutions[index]!.module;
    children[`norm${index + 1}`] = each;
  });
  const activation = act(c.hidden_act);
  return block('layer', children, (trace, x) => {
    const shortcut = first ? trace.chain(x, ...down.chain, downNorm) : x;
    const branch = convolutions.flatMap(({ chain }, index) =>
      index === 2 ? [...chain, norms[index]!] : [...chain, norms[index]!, activation],
    );
    return trace.run(activation, trace.add(trace.chain(x, ...branch), shortcut));
  });
}

/** The stages' layers. Where the map is as small as it may be, later kernels reach further instead. */
function stagesOf(c: Config): Block[] {
  let [inputs, shrunk, dilation] = [c.embedding_size, 4, 1];
  return c.hidden_sizes.slice(0, c.depths.length).map((size, index) => {
    const { outputs, middle } = widths(c, size);
    let stride = index === 0 ? 1 : 2;
    if (shrunk >= c.output_stride) {
      dilation *= stride;
      stride = 1;
    }
    shrunk *= stride;
    const layers = Array.from({ length: c.depths[index]! }, (_, at) => {
      const first = at === 0;
      const reach = first ? (dilation <= 2 ? 1 : 2) : dilation;
      const shape = {
        inputs: first ? inputs : outputs,
        outputs,
        middle,
        stride: first ? stride : 1,
        dilation: reach,
        first,
      };
      return c.layer_type === 'bottleneck' ? bottleneck(c, shape) : preactivation(c, shape);
    });
    inputs = outputs;
    return block('stack', listed('layers', layers), (trace, x) => trace.chain(x, ...layers));
  });
}

/** Pixels → feature map. */
function body(c: Config): Block {
  const pre = c.layer_type === 'preactivation';
  const stem = standardized(c, { inputs: c.num_channels, outputs: c.embedding_size, kernel: 7, stride: 2 });
  const stemNorm = norm(c, c.embedding_size);
  const last = norm(c, c.hidden_sizes.at(-1)!);
  const stages = stagesOf(c);
  const activation = act(c.hidden_act);
  const border: Chain =
    c.global_padding.toUpperCase() === 'SAME' ? [] : [{ op: 'pad', top: 1, bottom: 1, left: 1, right: 1 }];
  const fitted: Chain = c.embedding_dynamic_padding
    ? [{ op: 'padSame', kernel: 3, stride: 2, dilation: 1 }]
    : [];
  const children: Record<string, Module> = {
    'embedder.convolution': stem.module,
    ...(pre ? {} : { 'embedder.norm': stemNorm }),
    ...listed('encoder.stages', stages),
    ...(pre ? { norm: last } : {}),
  };
  return block('model', children, (trace, pixels) =>
    trace.chain(
      pixels,
      ...stem.chain,
      ...border,
      ...(pre ? [] : [stemNorm, activation]),
      ...fitted,
      { op: 'pool', type: 'max', kernel: 3, stride: 2, padding: 0 },
      ...stages,
      ...(pre ? [last, activation] : []),
    ),
  );
}

function backbone(c: Config): Blueprint {
  const bit = body(c);
  return { root: block('model', { bit }, (trace, pixels) => trace.run(bit, pixels)), inputs: imageNet(c) };
}

export const bit = family({
  modelType: 'bit',
  keys,
  base: 'BitModel',
  initializerRange: () => 0.02,
  check(c, checks) {
    checks.stages('depths', c.depths);
    checks.multiple('embedding_size', c.embedding_size, 'num_groups', c.num_groups);
    for (const width of normedWidths(c)) checks.multiple('hidden_sizes', width, 'num_groups', c.num_groups);
  },
  architectures: {
    BitModel: (c) => ({ root: body(c), inputs: imageNet(c) }),
    BitBackbone: backbone,
    BitForImageClassification: (c) =>
      mapClassification(c, imageNet(c), ['bit', body(c)], c.hidden_sizes.at(-1)!, { head: 'classifier.1' }),
  },
});
