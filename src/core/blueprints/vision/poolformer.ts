/** PoolFormer (Yu et al. 2021): a transformer's layers with the average of neighbours in the place of attention. */
import { activation, type Common } from '../../config/common';
import { flag, real, size, sizes, type Values } from '../../config/keys';
import { block, listed, parameter, type Chain } from '../../model/build';
import type { Block, Module, Parameter } from '../../model/module';
import { act, groupNorm, imageNet, mapClassification, mapConvolution, pooled } from '../blocks/maps';
import { family } from '../family';

const keys = {
  num_channels: size(3),
  num_encoder_blocks: size(4, { max: 64 }),
  pool_size: size(3),
  mlp_ratio: real(4),
  depths: sizes([2, 2, 6, 2], { min: 0 }),
  hidden_sizes: sizes([64, 128, 320, 512]),
  patch_sizes: sizes([7, 3, 3, 3]),
  strides: sizes([4, 2, 2, 2]),
  padding: sizes([2, 1, 1, 1], { min: 0 }),
  hidden_act: activation('gelu'),
  use_layer_scale: flag(true),
  layer_scale_init_value: real(1e-5),
  initializer_range: real(0.02),
} as const;

type Config = Values<typeof keys> & Common;

const STAGED = ['depths', 'hidden_sizes', 'patch_sizes', 'strides', 'padding'] as const;

/** x + (average of neighbours − itself) of norm x, then x + two convolutions of norm x. */
function layer(c: Config, width: number): Block {
  const inner = Math.trunc(width * c.mlp_ratio);
  const [before, after] = [groupNorm(1, width), groupNorm(1, width)];
  const up = mapConvolution({ inputs: width, outputs: inner, kernel: 1, bias: true }).module;
  const down = mapConvolution({ inputs: inner, outputs: width, kernel: 1, bias: true }).module;
  const scales: Record<string, Parameter> = c.use_layer_scale
    ? { layer_scale_1: parameter(width), layer_scale_2: parameter(width) }
    : {};
  const scaled = (name: string): Chain => {
    const by = scales[name];
    return by === undefined ? [] : [{ op: 'scaleChannels', by, axis: 'channels' }];
  };
  const average = {
    op: 'pool',
    type: 'average',
    kernel: c.pool_size,
    stride: 1,
    padding: Math.floor(c.pool_size / 2),
    inside: true,
  } as const;
  const children = { 'output.conv1': up, 'output.conv2': down, before_norm: before, after_norm: after };
  return block(
    'layer',
    children,
    (trace, x) => {
      const normed = trace.run(before, x);
      const difference = trace.add(trace.run(average, normed), trace.run({ op: 'scale', by: -1 }, normed));
      const mixed = trace.add(x, trace.chain(difference, ...scaled('layer_scale_1')));
      const fed = trace.chain(mixed, after, up, act(c.hidden_act), down, ...scaled('layer_scale_2'));
      return trace.add(mixed, fed);
    },
    scales,
  );
}

/** Pixels → feature map. */
function body(c: Config): Block {
  const children: Record<string, Module> = {};
  const chain: Module[] = [];
  for (let index = 0; index < c.num_encoder_blocks; index++) {
    const width = c.hidden_sizes[index]!;
    const patches = mapConvolution({
      inputs: index === 0 ? c.num_channels : c.hidden_sizes[index - 1]!,
      outputs: width,
      kernel: c.patch_sizes[index]!,
      stride: c.strides[index]!,
      padding: c.padding[index]!,
      bias: true,
    }).module;
    const layers = Array.from({ length: c.depths[index]! }, () => layer(c, width));
    children[`patch_embeddings.${index}.projection`] = patches;
    Object.assign(children, listed(`block.${index}`, layers));
    chain.push(patches, ...layers);
  }
  const encoder = block('stack', children, (trace, x) => trace.chain(x, ...chain));
  return block('model', { encoder }, (trace, pixels) => trace.run(encoder, pixels));
}

export const poolformer = family({
  modelType: 'poolformer',
  keys,
  base: 'PoolFormerModel',
  initializerRange: (c) => c.initializer_range,
  check(c, checks) {
    for (const key of STAGED) {
      const { length } = c[key];
      if (length < c.num_encoder_blocks)
        checks.length(key, length, 'num_encoder_blocks', c.num_encoder_blocks);
    }
    checks.stages('depths', c.depths);
  },
  architectures: {
    PoolFormerModel: (c) => ({ root: body(c), inputs: imageNet(c) }),
    PoolFormerForImageClassification: (c) => {
      const width = c.hidden_sizes.at(-1)!;
      const norm = groupNorm(1, width);
      return mapClassification(c, imageNet(c), ['poolformer', body(c)], width, {
        children: { norm },
        reduce: [norm, ...pooled],
      });
    },
  },
});
