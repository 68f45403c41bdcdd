/** Videos as tubes of patches: ViViT (Arnab et al. 2021) and the encoder of VideoMAE (Tong et al. 2022). */
import { activation, type Common } from '../../config/common';
import { flag, optionalSize, real, size, sizes, type Values } from '../../config/keys';
import { block, listed } from '../../model/build';
import type { Block, Module } from '../../model/module';
import { layerNorm } from '../blocks/layers';
import {
  BERT_LIKE_NAMES,
  firstTokenPooler,
  gridOf,
  imageClassification,
  layerShape,
  layerStack,
  learnedTokens,
  patchEmbeddings,
  patchKeys,
  patchLayer,
  pixelInput,
  VIT_NAMES,
} from '../blocks/patches';
import { ZERO_TOKENS } from '../blocks/starts';
import { family, type Blueprint } from '../family';

const { patch_size: _patch, ...common } = patchKeys;
const vivitKeys = {
  ...common,
  num_frames: size(32, { max: 2 ** 20 }),
  tubelet_size: sizes([2, 16, 16]),
  hidden_act: activation('gelu_fast'),
  layer_norm_eps: real(1e-6),
  pooler_output_size: optionalSize({ min: 0 }),
  pooler_act: activation('tanh'),
} as const;

type Vivit = Values<typeof vivitKeys> & Common;

function vivitBody(c: Vivit, pooler: boolean): Block {
  const width = c.hidden_size;
  const [frames, height, side] = c.tubelet_size as [number, number, number];
  const [rows, columns] = gridOf({ image_size: c.image_size, patch_size: [height, side] });
  const tubes = Math.floor(c.num_frames / frames) * rows * columns;
  const embeddings = patchEmbeddings({
    channels: c.num_channels,
    width,
    patch: c.tubelet_size,
    projection: 'patch_embeddings.projection',
    before: [learnedTokens('cls_token', 1, width)],
    table: learnedTokens('position_embeddings', tubes + 1, width),
  });
  const layers = Array.from({ length: c.num_hidden_layers }, () => patchLayer(layerShape(c), VIT_NAMES));
  const norm = layerNorm(width, c.layer_norm_eps);
  const pool = firstTokenPooler(width, c.pooler_output_size || width, c.pooler_act);
  const children: Record<string, Module> = {
    embeddings,
    ...listed('layers', layers),
    layernorm: norm,
    ...(pooler ? pool.children : {}),
  };
  return block('model', children, (trace, pixels) => {
    const x = trace.chain(pixels, embeddings, ...layers, norm);
    if (pooler) trace.chain(x, ...pool.chain);
    return x;
  });
}

export const vivit = family({
  modelType: 'vivit',
  keys: vivitKeys,
  base: 'VivitModel',
  initializerRange: (c) => c.initializer_range,
  starts: () => ZERO_TOKENS,
  check: (c, checks) => checks.length('tubelet_size', c.tubelet_size.length, 'tubelet_size', 3),
  architectures: {
    VivitModel: (c) => ({ root: vivitBody(c, true), inputs: pixelInput(c, c.num_frames) }),
    VivitForVideoClassification: (c) =>
      imageClassification(
        'vivit',
        vivitBody(c, false),
        [{ op: 'firstToken' }],
        c,
        c.hidden_size,
        c.num_frames,
      ),
  },
});

const { qkv_bias: _bias, head_dim: _head, ...plain } = patchKeys;
const maeKeys = {
  ...plain,
  num_frames: size(16, { max: 2 ** 20 }),
  tubelet_size: size(2),
  qv_bias: flag(true, { aliases: ['qkv_bias'] }),
  use_mean_pooling: flag(true),
} as const;

type Mae = Values<typeof maeKeys> & Common;

/** Positions are sines that no file holds. A final norm where the class token's place is not averaged. */
function maeBody(c: Mae): Block {
  const width = c.hidden_size;
  const embeddings = patchEmbeddings({
    channels: c.num_channels,
    width,
    patch: [c.tubelet_size, ...c.patch_size],
    projection: 'patch_embeddings.projection',
    sinusoids: true,
  });
  const biases = { query: c.qv_bias, key: false, value: c.qv_bias };
  const shape = { ...layerShape({ ...c, qkv_bias: true, head_dim: undefined }), biases };
  const encoder = layerStack(
    'layer',
    Array.from({ length: c.num_hidden_layers }, () => patchLayer(shape, BERT_LIKE_NAMES)),
  );
  const children: Record<string, Module> = { embeddings, encoder };
  if (!c.use_mean_pooling) children['layernorm'] = layerNorm(width, c.layer_norm_eps);
  return block('model', children, (trace, pixels) => trace.chain(pixels, ...Object.values(children)));
}

function maeClassification(c: Mae): Blueprint {
  const body = maeBody(c);
  if (!c.use_mean_pooling) {
    return imageClassification('videomae', body, [{ op: 'firstToken' }], c, c.hidden_size, c.num_frames);
  }
  const norm = layerNorm(c.hidden_size, c.layer_norm_eps);
  const made = imageClassification(
    'videomae',
    body,
    [{ op: 'meanTokens' }, norm],
    c,
    c.hidden_size,
    c.num_frames,
  );
  return { ...made, root: { ...made.root, children: { ...made.root.children, fc_norm: norm } } };
}

export const videomae = family({
  modelType: 'videomae',
  keys: maeKeys,
  base: 'VideoMAEModel',
  initializerRange: (c) => c.initializer_range,
  check: (c, checks) =>
    checks.multiple('hidden_size', c.hidden_size, 'num_attention_heads', c.num_attention_heads),
  architectures: {
    VideoMAEModel: (c) => ({ root: maeBody(c), inputs: pixelInput(c, c.num_frames) }),
    VideoMAEForVideoClassification: maeClassification,
  },
});
