/**
 * ViT (Dosovitskiy et al. 2020): an image as a sequence of patches, a class token, a pre-norm encoder. DeiT (Touvron et
 * al. 2020) adds a token to distil into, I-JEPA (Assran et al. 2023) has patches alone, MSN (Assran et al. 2022) trains
 * the same encoder otherwise.
 */
import { activation, type Common } from '../../config/common';
import { optionalSize, real, size, type Values } from '../../config/keys';
import { block, listed, type Chain } from '../../model/build';
import type { Block, Module } from '../../model/module';
import { layerNorm, linear } from '../blocks/layers';
import {
  firstTokenPooler,
  gridOf,
  imageClassification,
  layerShape,
  learnedTokens,
  maskedImageModeling,
  patchEmbeddings,
  patchKeys,
  patchLayer,
  pixelInput,
  VIT_NAMES,
  type PatchKeys,
} from '../blocks/patches';
import { ZERO_TOKENS } from '../blocks/starts';
import { family, type Blueprint } from '../family';

const keys = {
  ...patchKeys,
  encoder_stride: size(16),
  pooler_output_size: optionalSize({ min: 0 }),
  pooler_act: activation('tanh'),
} as const;

type Config = Values<typeof keys> & Common;

interface Variant {
  /** Tokens before the patches, by name. */
  readonly tokens: readonly string[];
  readonly maskToken?: boolean;
  readonly pooler?: { readonly outputs: number; readonly activation: string };
}

/** Pixels → tokens [b, patches + tokens, width]. */
export function vitBody(c: PatchKeys, { tokens, maskToken, pooler }: Variant): Block {
  const width = c.hidden_size;
  const [rows, columns] = gridOf(c);
  const embeddings = patchEmbeddings({
    channels: c.num_channels,
    width,
    patch: c.patch_size,
    projection: 'patch_embeddings.projection',
    before: tokens.map((name) => learnedTokens(name, 1, width)),
    table: learnedTokens('position_embeddings', rows * columns + tokens.length, width),
    unused: maskToken ? [learnedTokens('mask_token', 1, width)] : [],
  });
  const layers = Array.from({ length: c.num_hidden_layers }, () => patchLayer(layerShape(c), VIT_NAMES));
  const norm = layerNorm(width, c.layer_norm_eps);
  const pool = pooler && firstTokenPooler(width, pooler.outputs, pooler.activation);
  const children: Record<string, Module> = {
    embeddings,
    ...listed('layers', layers),
    layernorm: norm,
    ...pool?.children,
  };
  return block('model', children, (trace, pixels) => {
    const x = trace.chain(pixels, embeddings, ...layers, norm);
    if (pool !== undefined) trace.chain(x, ...pool.chain);
    return x;
  });
}

const base =
  (tokens: readonly string[]) =>
  (c: Config): Blueprint => {
    const pooler = { outputs: c.pooler_output_size || c.hidden_size, activation: c.pooler_act };
    return { root: vitBody(c, { tokens, pooler }), inputs: pixelInput(c) };
  };

const classification =
  (name: string, tokens: readonly string[], reduce: Chain) =>
  (c: PatchKeys & Common): Blueprint =>
    imageClassification(name, vitBody(c, { tokens }), reduce, c, c.hidden_size);

const maskedImages = (name: string, tokens: readonly string[]) => (c: Config) =>
  maskedImageModeling(name, vitBody(c, { tokens, maskToken: true }), c, tokens.length);

const CLASS_TOKEN = ['cls_token'];

export const vit = family({
  modelType: 'vit',
  keys,
  base: 'ViTModel',
  initializerRange: (c) => c.initializer_range,
  architectures: {
    ViTModel: base(CLASS_TOKEN),
    ViTForImageClassification: classification('vit', CLASS_TOKEN, [{ op: 'firstToken' }]),
    ViTForMaskedImageModeling: maskedImages('vit', CLASS_TOKEN),
  },
});

const DEIT_TOKENS = ['cls_token', 'distillation_token'];

/** Two heads, on the class token and on the one that learned from the teacher; the mean of both is the answer. */
function withTeacher(c: Config): Blueprint {
  const body = vitBody(c, { tokens: DEIT_TOKENS });
  const one = imageClassification('deit', body, [], c, c.hidden_size);
  const head = one.root.children['classifier'];
  if (head === undefined) return one;
  const distilled = linear(c.hidden_size, (head as typeof distilled).outputs);
  const children = { deit: body, cls_classifier: head, distillation_classifier: distilled };
  const root = block('model', children, (trace, pixels) => {
    const x = trace.run(body, pixels);
    const own = trace.chain(x, { op: 'firstToken' }, head);
    const taught = trace.chain(x, { op: 'dropTokens', count: 1 }, { op: 'firstToken' }, distilled);
    return trace.chain(trace.add(own, taught), { op: 'scale', by: 1 / 2 });
  });
  return { root, inputs: one.inputs };
}

export const deit = family({
  modelType: 'deit',
  keys,
  base: 'DeiTModel',
  initializerRange: (c) => c.initializer_range,
  starts: () => ZERO_TOKENS,
  architectures: {
    DeiTModel: base(DEIT_TOKENS),
    DeiTForImageClassification: classification('deit', DEIT_TOKENS, [{ op: 'firstToken' }]),
    DeiTForImageClassificationWithTeacher: withTeacher,
    DeiTForMaskedImageModeling: maskedImages('deit', DEIT_TOKENS),
  },
});

export const ijepa = family({
  modelType: 'ijepa',
  keys: patchKeys,
  base: 'IJepaModel',
  initializerRange: (c) => c.initializer_range,
  architectures: {
    IJepaModel: (c) => ({ root: vitBody(c, { tokens: [] }), inputs: pixelInput(c) }),
    IJepaForImageClassification: classification('ijepa', [], [{ op: 'meanTokens' }]),
  },
});

export const vitMsn = family({
  modelType: 'vit_msn',
  keys: { ...patchKeys, layer_norm_eps: real(1e-6) },
  base: 'ViTMSNModel',
  initializerRange: (c) => c.initializer_range,
  architectures: {
    ViTMSNModel: (c) => ({ root: vitBody(c, { tokens: CLASS_TOKEN }), inputs: pixelInput(c) }),
    ViTMSNForImageClassification: classification('vit', CLASS_TOKEN, [{ op: 'firstToken' }]),
  },
});
