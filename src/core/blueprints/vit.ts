/** ViT (Dosovitskiy et al. 2020): an image as a sequence of patches, a class token, a pre-norm encoder. */
import { activation, labels, type Common } from '../config/common';
import { depth, flag, optionalSize, real, size, sizePair, type Values } from '../config/keys';
import { block, listed, parameter } from '../model/build';
import type { Block, ModelInput, Module } from '../model/module';
import { separateAttention } from './blocks/attention';
import { layerNorm, linear, mlp, patchConvolution } from './blocks/layers';
import { family, type Blueprint } from './family';

const keys = {
  hidden_size: size(768, { role: 'width' }),
  num_hidden_layers: depth(12),
  num_attention_heads: size(12),
  head_dim: optionalSize(),
  intermediate_size: size(3072),
  hidden_act: activation('gelu'),
  layer_norm_eps: real(1e-12),
  initializer_range: real(0.02),
  image_size: sizePair(224),
  patch_size: sizePair(16),
  num_channels: size(3),
  qkv_bias: flag(true),
  encoder_stride: size(16),
  pooler_output_size: optionalSize(),
  pooler_act: activation('tanh'),
} as const;

type Config = Values<typeof keys> & Common;

function geometry(c: Config) {
  const { image_size: image, patch_size: patch } = c;
  const grid = [Math.floor(image[0] / patch[0]), Math.floor(image[1] / patch[1])] as const;
  return { image, patch, grid, patches: grid[0] * grid[1] };
}

function layer(c: Config): Block {
  const width = c.hidden_size;
  const headDim = c.head_dim ?? Math.floor(width / c.num_attention_heads);
  const inner = c.num_attention_heads * headDim;
  const bias = c.qkv_bias;
  const parts = {
    attention: separateAttention(
      { heads: c.num_attention_heads, headDim, mask: { type: 'full' } },
      {
        query: linear(width, inner, { bias }),
        key: linear(width, inner, { bias }),
        value: linear(width, inner, { bias }),
        output: linear(inner, width),
      },
      { query: 'q_proj', key: 'k_proj', value: 'v_proj', output: 'o_proj' },
    ),
    layernorm_before: layerNorm(width, c.layer_norm_eps),
    layernorm_after: layerNorm(width, c.layer_norm_eps),
    mlp: mlp(
      c.hidden_act,
      { up: linear(width, c.intermediate_size), down: linear(c.intermediate_size, width) },
      { up: 'fc1', down: 'fc2' },
    ),
  };
  return block('layer', parts, (trace, x) => {
    const attended = trace.add(x, trace.chain(x, parts.layernorm_before, parts.attention));
    return trace.add(attended, trace.chain(attended, parts.layernorm_after, parts.mlp));
  });
}

function body(c: Config, options: { readonly pooler: boolean; readonly maskToken: boolean }): Block {
  const width = c.hidden_size;
  const { patch, patches } = geometry(c);
  const projection = patchConvolution(c.num_channels, width, patch);
  const token = parameter(1, 1, width);
  const table = parameter(1, patches + 1, width);
  const embeddings = block(
    'embeddings',
    { 'patch_embeddings.projection': projection },
    (trace, pixels) =>
      trace.chain(
        pixels,
        projection,
        { op: 'patchesToTokens' },
        { op: 'prependTokens', token },
        { op: 'addTable', table },
      ),
    {
      cls_token: token,
      ...(options.maskToken ? { mask_token: parameter(1, 1, width) } : {}),
      position_embeddings: table,
    },
  );
  const layers = Array.from({ length: c.num_hidden_layers }, () => layer(c));
  const norm = layerNorm(width, c.layer_norm_eps);
  const dense = linear(width, c.pooler_output_size ?? width);
  const children: Record<string, Module> = { embeddings, ...listed('layers', layers), layernorm: norm };
  if (options.pooler) children['pooler.dense'] = dense;
  return block('model', children, (trace, pixels) => {
    const x = trace.chain(pixels, embeddings, ...layers, norm);
    if (options.pooler) {
      trace.chain(x, { op: 'firstToken' }, dense, { op: 'activation', activation: c.pooler_act });
    }
    return x;
  });
}

function inputs(c: Config): ModelInput[] {
  const [height, width] = geometry(c).image;
  return [{ name: 'pixel_values', type: 'pixels', channels: c.num_channels, height, width }];
}

function classification(c: Config): Blueprint {
  const vit = body(c, { pooler: false, maskToken: false });
  const count = labels(c);
  // No labels: the class puts an identity in the classifier's place.
  const heads = count === 0 ? [] : [linear(c.hidden_size, count)];
  const children = { vit, ...(heads[0] === undefined ? {} : { classifier: heads[0] }) };
  return {
    root: block('model', children, (trace, pixels) =>
      trace.chain(pixels, vit, { op: 'firstToken' }, ...heads),
    ),
    inputs: inputs(c),
  };
}

function maskedImages(c: Config): Blueprint {
  const vit = body(c, { pooler: false, maskToken: true });
  const [height, width] = geometry(c).grid;
  const pixels = patchConvolution(c.hidden_size, c.encoder_stride ** 2 * c.num_channels, [1, 1]);
  const root = block('model', { vit, 'decoder.0': pixels }, (trace, x) =>
    trace.chain(x, vit, { op: 'dropTokens', count: 1 }, { op: 'tokensToPatches', height, width }, pixels, {
      op: 'pixelShuffle',
      factor: c.encoder_stride,
    }),
  );
  return { root, inputs: inputs(c) };
}

export const vit = family({
  modelType: 'vit',
  keys,
  base: 'ViTModel',
  initializerRange: (c) => c.initializer_range,
  architectures: {
    ViTModel: (c) => ({ root: body(c, { pooler: true, maskToken: false }), inputs: inputs(c) }),
    ViTForImageClassification: classification,
    ViTForMaskedImageModeling: maskedImages,
  },
});
