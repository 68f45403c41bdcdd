/** PVT (Wang et al. 2021): a pyramid of stages whose attention looks at a grid that a convolution has shrunk. */
import { activation, type Common } from '../../config/common';
import { flag, optionalSize, real, size, sizes, type Values } from '../../config/keys';
import { block, listed, parameter, type Chain } from '../../model/build';
import type { Block, Module } from '../../model/module';
import { separateAttention } from '../blocks/attention';
import { convolution, layerNorm, linear, mlp, patchConvolution } from '../blocks/layers';
import { family } from '../family';

const keys = {
  image_size: size(224, { max: 2 ** 20 }),
  num_channels: size(3),
  num_encoder_blocks: size(4, { max: 64 }),
  depths: sizes([2, 2, 2, 2], { min: 0 }),
  sequence_reduction_ratios: sizes([8, 4, 2, 1]),
  hidden_sizes: sizes([64, 128, 320, 512]),
  patch_sizes: sizes([4, 2, 2, 2]),
  strides: sizes([4, 2, 2, 2]),
  num_attention_heads: sizes([1, 2, 5, 8]),
  mlp_ratios: sizes([8, 8, 4, 4]),
  hidden_act: activation('gelu'),
  initializer_range: real(0.02),
  layer_norm_eps: real(1e-6),
  qkv_bias: flag(true),
  num_labels: optionalSize({ min: 0 }),
} as const;

type Config = Values<typeof keys> & Common;

/** Lists that have an item a stage. */
const STAGED = [
  'depths',
  'sequence_reduction_ratios',
  'hidden_sizes',
  'patch_sizes',
  'strides',
  'num_attention_heads',
  'mlp_ratios',
] as const;

/** One stage: its place, and the grid that its convolution makes. */
interface Stage {
  readonly index: number;
  readonly width: number;
  readonly grid: number;
  readonly last: boolean;
}

/** Feature map → normed patches with positions; the last stage has a class token. */
function embeddings(c: Config, { index, width, last }: Stage): Block {
  const inputs = index === 0 ? c.num_channels : c.hidden_sizes[index - 1]!;
  const image = index === 0 ? c.image_size : Math.floor(c.image_size / 2 ** (index + 1));
  const patches = Math.floor(image / c.patch_sizes[index]!) ** 2;
  // The class gives the strides for a kernel, and the patches for a stride.
  const [kernel, stride] = [c.strides[index]!, c.patch_sizes[index]!];
  const projection = convolution(inputs, width, [kernel, kernel], { stride: [stride, stride] });
  const norm = layerNorm(width, c.layer_norm_eps);
  const table = parameter(1, last ? patches + 1 : patches, width);
  const token = parameter(1, 1, width);
  const classToken: Chain = last ? [{ op: 'prependTokens', token }] : [];
  return block(
    'embeddings',
    { projection, layer_norm: norm },
    (trace, x) =>
      trace.chain(x, projection, { op: 'patchesToTokens' }, norm, ...classToken, { op: 'addTable', table }),
    { position_embeddings: table, ...(last ? { cls_token: token } : {}) },
  );
}

function layer(c: Config, { index, width, grid }: Stage): Block {
  const heads = c.num_attention_heads[index]!;
  const ratio = c.sequence_reduction_ratios[index]!;
  const inner = width * c.mlp_ratios[index]!;
  const bias = c.qkv_bias;
  const attention = separateAttention(
    { heads, headDim: Math.floor(width / heads), mask: { type: 'full' } },
    {
      query: linear(width, width, { bias }),
      key: linear(width, width, { bias }),
      value: linear(width, width, { bias }),
      output: linear(width, width),
    },
    { query: 'self.query', key: 'self.key', value: 'self.value', output: 'output.dense' },
  );
  const norm = () => layerNorm(width, c.layer_norm_eps);
  const [before, after, reducedNorm] = [norm(), norm(), norm()];
  const reduction = patchConvolution(width, width, [ratio, ratio]);
  const shrink: Chain = [
    { op: 'tokensToPatches', height: grid, width: grid },
    reduction,
    { op: 'patchesToTokens' },
    reducedNorm,
  ];
  const feedForward = mlp(
    c.hidden_act,
    { up: linear(width, inner), down: linear(inner, width) },
    { up: 'dense1', down: 'dense2' },
  );
  const children = {
    layer_norm_1: before,
    attention,
    ...(ratio > 1
      ? { 'attention.self.sequence_reduction': reduction, 'attention.self.layer_norm': reducedNorm }
      : {}),
    layer_norm_2: after,
    mlp: feedForward,
  };
  return block('layer', children, (trace, x) => {
    const normed = trace.run(before, x);
    const seen = ratio > 1 ? [normed, trace.chain(normed, ...shrink)] : [normed];
    const attended = trace.add(x, trace.run(attention, ...seen));
    return trace.add(attended, trace.chain(attended, after, feedForward));
  });
}

/** Pixels → class token and patches of the last stage. */
function body(c: Config): Block {
  const children: Record<string, Module> = {};
  const chain: Chain[number][] = [];
  let grid = c.image_size;
  for (let index = 0; index < c.num_encoder_blocks; index++) {
    grid = Math.floor((grid - c.strides[index]!) / c.patch_sizes[index]!) + 1;
    const last = index === c.num_encoder_blocks - 1;
    const stage = { index, width: c.hidden_sizes[index]!, grid, last };
    const patches = embeddings(c, stage);
    const layers = Array.from({ length: c.depths[index]! }, () => layer(c, stage));
    children[`patch_embeddings.${index}`] = patches;
    Object.assign(children, listed(`block.${index}`, layers));
    chain.push(patches, ...layers);
    if (!last) chain.push({ op: 'tokensToPatches', height: grid, width: grid });
  }
  const norm = layerNorm(c.hidden_sizes.at(-1)!, c.layer_norm_eps);
  const encoder = block('stack', { ...children, layer_norm: norm }, (trace, x) =>
    trace.chain(x, ...chain, norm),
  );
  return block('model', { encoder }, (trace, x) => trace.run(encoder, x));
}

function inputs(c: Config) {
  const { image_size: side, num_channels: channels } = c;
  return [{ name: 'pixel_values', type: 'pixels', channels, height: side, width: side } as const];
}

function classification(c: Config) {
  const pvt = body(c);
  // This config class has a default of its own, which wins over the names of labels.
  const count = c.num_labels ?? 1000;
  const heads = count === 0 ? [] : [linear(c.hidden_sizes.at(-1)!, count)];
  const children = { pvt, ...(heads[0] === undefined ? {} : { classifier: heads[0] }) };
  const root = block('model', children, (trace, x) => trace.chain(x, pvt, { op: 'firstToken' }, ...heads));
  return { root, inputs: inputs(c) };
}

export const pvt = family({
  modelType: 'pvt',
  keys,
  base: 'PvtModel',
  initializerRange: (c) => c.initializer_range,
  check(c, checks) {
    for (const key of STAGED) {
      const { length } = c[key];
      if (length < c.num_encoder_blocks)
        checks.length(key, length, 'num_encoder_blocks', c.num_encoder_blocks);
    }
    checks.stages('depths', c.depths);
    // Entries beyond the blocks are read by nobody.
    c.hidden_sizes
      .slice(0, c.num_encoder_blocks)
      .forEach((width, index) =>
        checks.multiple('hidden_sizes', width, 'num_attention_heads', c.num_attention_heads[index] ?? 1),
      );
  },
  architectures: {
    PvtModel: (c) => ({ root: body(c), inputs: inputs(c) }),
    PvtForImageClassification: classification,
  },
});
