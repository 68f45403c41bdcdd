/** RegNet (Radosavovic et al. 2020): a ResNet's bottleneck without reduction, its 3 × 3 convolutions in groups. */
import { activation, type Common } from '../../config/common';
import { flag, size, sizes, text, type Values } from '../../config/keys';
import { block, listed } from '../../model/build';
import type { Block, Module } from '../../model/module';
import { act, imageNet, mapClassification, normedConvolution, squeezeExcitation } from '../blocks/maps';
import { roundHalfEven } from '../blocks/rounding';
import { family } from '../family';

const keys = {
  num_channels: size(3),
  embedding_size: size(32),
  hidden_sizes: sizes([128, 192, 512, 1088]),
  depths: sizes([2, 6, 12, 2], { min: 0 }),
  groups_width: size(64),
  layer_type: text('y', ['x', 'y']),
  hidden_act: activation('relu'),
  downsample_in_first_stage: flag(true),
} as const;

type Config = Values<typeof keys> & Common;

function groups(c: Config, width: number): number {
  return Math.max(1, Math.floor(width / c.groups_width));
}

/** act(shortcut x + convolutions x); a layer of type y has squeeze and excitation before its last convolution. */
function layer(c: Config, inputs: number, outputs: number, stride: number): Block {
  const activation = c.hidden_act;
  const wide = { inputs: outputs, outputs };
  const excited =
    c.layer_type === 'y'
      ? [squeezeExcitation(outputs, roundHalfEven(inputs / 4), 'relu', ['attention.0', 'attention.2'])]
      : [];
  const branch = [
    normedConvolution({ inputs, outputs, kernel: 1, activation }),
    normedConvolution({ ...wide, kernel: 3, stride, groups: groups(c, outputs), activation }),
    ...excited,
    normedConvolution({ ...wide, kernel: 1 }),
  ];
  const shortcut =
    inputs !== outputs || stride !== 1 ? [normedConvolution({ inputs, outputs, kernel: 1, stride })] : [];
  const children: Record<string, Module> = listed('layer', branch);
  if (shortcut[0] !== undefined) children['shortcut'] = shortcut[0];
  return block('layer', children, (trace, x) => {
    const sum = trace.add(trace.chain(x, ...branch), trace.chain(x, ...shortcut));
    return trace.run(act(activation), sum);
  });
}

/** Pixels → feature map. */
function body(c: Config): Block {
  const embedder = normedConvolution({
    inputs: c.num_channels,
    outputs: c.embedding_size,
    kernel: 3,
    stride: 2,
    activation: c.hidden_act,
  });
  const stages = c.hidden_sizes.slice(0, c.depths.length).map((outputs, index) => {
    const inputs = index === 0 ? c.embedding_size : c.hidden_sizes[index - 1]!;
    const stride = index > 0 || c.downsample_in_first_stage ? 2 : 1;
    // A stage has a first layer, whatever its depth.
    const layers = Array.from({ length: Math.max(1, c.depths[index]!) }, (_, at) =>
      at === 0 ? layer(c, inputs, outputs, stride) : layer(c, outputs, outputs, 1),
    );
    return block('stack', listed('layers', layers), (trace, x) => trace.chain(x, ...layers));
  });
  const children = { 'embedder.embedder': embedder, ...listed('encoder.stages', stages) };
  return block('model', children, (trace, pixels) => trace.chain(pixels, embedder, ...stages));
}

export const regnet = family({
  modelType: 'regnet',
  keys,
  base: 'RegNetModel',
  initializerRange: () => 0.02,
  check(c, checks) {
    checks.stages('depths', c.depths);
    for (const width of c.hidden_sizes.slice(0, c.depths.length)) {
      checks.multiple('hidden_sizes', width, 'groups_width', groups(c, width));
    }
  },
  architectures: {
    RegNetModel: (c) => ({ root: body(c), inputs: imageNet(c) }),
    RegNetForImageClassification: (c) =>
      mapClassification(c, imageNet(c), ['regnet', body(c)], c.hidden_sizes.at(-1)!, {
        head: 'classifier.1',
      }),
  },
});
