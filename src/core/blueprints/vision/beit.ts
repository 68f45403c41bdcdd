/**
 * BEiT (Bao et al. 2021) and data2vec's image model (Baevski et al. 2022): ViTs with relative positions on the grid of
 * patches, learned scales of the branches and keys without bias.
 */
import { type Common } from '../../config/common';
import { flag, real, size, type Values } from '../../config/keys';
import { block, listed, parameter, type Chain } from '../../model/build';
import type { Attention, Block, Module, Parameter } from '../../model/module';
import { layerNorm, linear } from '../blocks/layers';
import {
  BERT_LIKE_NAMES,
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
import { family } from '../family';

const { qkv_bias: _bias, head_dim: headDim, ...common } = patchKeys;
const keys = {
  ...common,
  use_mask_token: flag(false),
  use_absolute_position_embeddings: flag(false),
  use_relative_position_bias: flag(false),
  use_shared_relative_position_bias: flag(false),
  layer_scale_init_value: real(0.1),
  use_mean_pooling: flag(true),
} as const;
const beitKeys = { ...keys, head_dim: headDim, vocab_size: size(8192) } as const;

type Config = Values<typeof keys> & Common & { readonly head_dim?: number | undefined };

/** What the two families call the same tensors. */
interface Names {
  readonly layer: typeof VIT_NAMES;
  /** Table of a layer, under the layer. */
  readonly table: string;
  /** Table of all layers, under the model. */
  readonly shared: string;
  /** Layers stand in an encoder of their own. */
  readonly encoder: boolean;
}

const TABLE = 'relative_position_bias_table';
const BEIT: Names = {
  layer: VIT_NAMES,
  table: `relative_position_bias.${TABLE}`,
  shared: `shared_position_bias.${TABLE}`,
  encoder: false,
};
const DATA2VEC: Names = {
  layer: BERT_LIKE_NAMES,
  table: `attention.attention.relative_position_bias.${TABLE}`,
  shared: `encoder.relative_position_bias.${TABLE}`,
  encoder: true,
};

function position(c: Config, own?: Parameter, shared?: Parameter): Attention['position'] {
  const [height, width] = gridOf(c);
  const table = own ?? shared;
  if (table === undefined) return { type: 'none' };
  const also = own === undefined || shared === undefined ? {} : { also: shared };
  return { type: 'relativeGrid', table, height, width, classToken: true, transposed: true, ...also };
}

function layer(c: Config, names: Names, shared?: Parameter): Block {
  const own = c.use_relative_position_bias ? offsetTable(c) : undefined;
  const scales =
    c.layer_scale_init_value > 0
      ? ([
          { name: 'lambda_1', parameter: parameter(c.hidden_size) },
          { name: 'lambda_2', parameter: parameter(c.hidden_size) },
        ] as const)
      : undefined;
  const shape = {
    ...layerShape({ ...c, qkv_bias: true, head_dim: c.head_dim }),
    biases: { query: true, key: false, value: true },
    position: position(c, own, shared),
  };
  return patchLayer(shape, names.layer, scales, own === undefined ? {} : { [names.table]: own });
}

/** A row an offset of two patches, and three for the class token: to it, from it, and its own. */
function offsetTable(c: Config): Parameter {
  const [height, width] = gridOf(c);
  return parameter((2 * height - 1) * (2 * width - 1) + 3, c.num_attention_heads);
}

function body(c: Config, names: Names, pooler: boolean): Block {
  const width = c.hidden_size;
  const [rows, columns] = gridOf(c);
  const embeddings = patchEmbeddings({
    channels: c.num_channels,
    width,
    patch: c.patch_size,
    projection: 'patch_embeddings.projection',
    before: [learnedTokens('cls_token', 1, width)],
    ...(c.use_absolute_position_embeddings
      ? { table: learnedTokens('position_embeddings', rows * columns + 1, width) }
      : {}),
    unused: c.use_mask_token ? [learnedTokens('mask_token', 1, width)] : [],
  });
  const shared = c.use_shared_relative_position_bias ? offsetTable(c) : undefined;
  const layers = Array.from({ length: c.num_hidden_layers }, () => layer(c, names, shared));
  const encoder = layerStack('layer', layers);
  const pool = poolerOf(c, pooler);
  const children: Record<string, Module> = {
    embeddings,
    ...(names.encoder ? { encoder } : listed('layers', layers)),
    ...(c.use_mean_pooling ? {} : { layernorm: layerNorm(width, c.layer_norm_eps) }),
    ...pool.children,
  };
  const norm = children['layernorm'];
  return block(
    'model',
    children,
    (trace, pixels) =>
      trace.chain(
        pixels,
        embeddings,
        ...(names.encoder ? [encoder] : layers),
        ...(norm === undefined ? [] : [norm]),
        ...pool.chain,
      ),
    shared === undefined ? {} : { [names.shared]: shared },
  );
}

/** The normed mean of the patches, or the class token. */
function poolerOf(c: Config, wanted: boolean): { children: Record<string, Module>; chain: Chain } {
  if (!wanted) return { children: {}, chain: [] };
  if (!c.use_mean_pooling) return { children: {}, chain: [{ op: 'firstToken' }] };
  const norm = layerNorm(c.hidden_size, c.layer_norm_eps);
  return {
    children: { 'pooler.layernorm': norm },
    chain: [{ op: 'dropTokens', count: 1 }, { op: 'meanTokens' }, norm],
  };
}

/** Predicts the visual word of each patch. */
function visualWords(c: Values<typeof beitKeys> & Common) {
  const beit = body(c, BEIT, false);
  const layernorm = layerNorm(c.hidden_size, c.layer_norm_eps);
  const head = linear(c.hidden_size, c.vocab_size);
  const root = block('model', { beit, layernorm, lm_head: head }, (trace, pixels) =>
    trace.chain(pixels, beit, layernorm, { op: 'dropTokens', count: 1 }, head),
  );
  return { root, inputs: pixelInput(c) };
}

export const beit = family({
  modelType: 'beit',
  keys: beitKeys,
  base: 'BeitModel',
  initializerRange: (c) => c.initializer_range,
  starts: (c) => [
    ...ZERO_TOKENS,
    [/relative_position_bias_table$/, { value: 0 }],
    [/lambda_[12]$/, { value: c.layer_scale_init_value }],
  ],
  architectures: {
    BeitModel: (c) => ({ root: body(c, BEIT, true), inputs: pixelInput(c) }),
    BeitForImageClassification: (c) => imageClassification('beit', body(c, BEIT, true), [], c, c.hidden_size),
    BeitForMaskedImageModeling: visualWords,
  },
});

export const data2vecVision = family({
  modelType: 'data2vec-vision',
  keys,
  base: 'Data2VecVisionModel',
  initializerRange: (c) => c.initializer_range,
  check: (c, checks) =>
    checks.multiple('hidden_size', c.hidden_size, 'num_attention_heads', c.num_attention_heads),
  architectures: {
    Data2VecVisionModel: (c) => ({ root: body(c, DATA2VEC, false), inputs: pixelInput(c) }),
    Data2VecVisionForImageClassification: (c) =>
      imageClassification('data2vec_vision', body(c, DATA2VEC, true), [], c, c.hidden_size),
  },
});
