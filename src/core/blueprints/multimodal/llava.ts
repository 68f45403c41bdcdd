/**
 * LLaVA (Liu et al. 2023) and its kin: features of an image tower, projected to the width of a language model, stand in
 * for placeholders among its tokens. Both towers are models of their own types.
 */
import { activation, tie } from '../../config/common';
import type { Config } from '../../config/config';
import { any, flag, real, text, type Values } from '../../config/keys';
import { block, parameter, type Chain } from '../../model/build';
import type { Block, Module, Parameter } from '../../model/module';
import { layerNorm, linear } from '../blocks/layers';
import { family, subModel, type Blueprint, type Families, type SubModel } from '../family';
import { featureLayers, languageClasses, pixelsOf, tiesItself, widthOf } from './language';

const keys = {
  projector_hidden_act: activation('gelu'),
  vision_feature_select_strategy: text('default', ['default', 'full']),
  vision_feature_layer: any(),
  multimodal_projector_bias: flag(true),
  tie_word_embeddings: tie(false),
} as const;
const vipKeys = {
  projector_hidden_act: activation('gelu'),
  projector_layernorm_eps: real(1e-5),
  vision_feature_layers: any(),
  tie_word_embeddings: tie(false),
} as const;

/** What the classes take where the whole `vision_config` is missing. */
const CLIP_L = {
  intermediate_size: 4096,
  hidden_size: 1024,
  patch_size: 14,
  image_size: 336,
  num_hidden_layers: 24,
  num_attention_heads: 16,
  projection_dim: 768,
};

const SIGLIP_SO = {
  hidden_size: 1152,
  intermediate_size: 4304,
  patch_size: 14,
  image_size: 384,
  num_hidden_layers: 26,
  num_attention_heads: 16,
  vision_use_head: false,
};

interface Towers {
  readonly text: SubModel;
  readonly vision: SubModel;
}

type Llava = Values<typeof keys> & Towers;
type VipLlava = Values<typeof vipKeys> & Towers;

const towers =
  (imageSize: number) =>
  (config: Config, families: Families): Towers => ({
    text: subModel(config, families, 'text_config', 'llama'),
    vision: subModel(config, families, 'vision_config', 'clip_vision_model', {
      ...CLIP_L,
      image_size: imageSize,
    }),
  });

/** [b, s, inputs] → [b, s, width]: two linear maps, an activation between them. */
function projector(
  inputs: number,
  width: number,
  own: { readonly activation: string; readonly bias: boolean; readonly normEpsilon?: number },
): Block {
  const first = linear(inputs, width, { bias: own.bias });
  const second = linear(width, width, { bias: own.bias });
  const norm = own.normEpsilon === undefined ? undefined : layerNorm(inputs, own.normEpsilon);
  const children: Record<string, Module> = {
    ...(norm === undefined ? {} : { projector_layernorm: norm }),
    linear_1: first,
    linear_2: second,
  };
  const before: Chain = norm === undefined ? [] : [norm];
  return block('part', children, (trace, x) =>
    trace.chain(x, ...before, first, { op: 'activation', activation: own.activation }, second),
  );
}

interface Parts {
  /** Image towers by name; of several the first sees the images. */
  readonly towers: Readonly<Record<string, Block>>;
  readonly projector: Block;
  readonly language: Blueprint;
  /** Which of the tower's states, and which of their tokens. */
  readonly select: Chain;
  readonly own?: Readonly<Record<string, Parameter>>;
}

/** Ids and images → the language model's output. */
function body(parts: Parts): Block {
  const [tower] = Object.values(parts.towers);
  const children = {
    ...parts.towers,
    multi_modal_projector: parts.projector,
    language_model: parts.language.root,
  };
  return block(
    'model',
    children,
    (trace, ids, pixels) => {
      const features = trace.chain(pixels, tower!, ...parts.select, parts.projector);
      return trace.run(parts.language.root, trace.run({ op: 'placeFeatures' }, ids, features));
    },
    parts.own ?? {},
  );
}

const dropClassToken: Chain = [{ op: 'dropTokens', count: 1 }];

/** @param towerNames what the class calls its towers: `vision_tower`. @param own `newline` is a learned end of an image's row. */
const llavaBody =
  (
    towerNames: readonly string[],
    { newline = false, layers: fallback = [-2] }: { newline?: boolean; layers?: readonly number[] } = {},
  ) =>
  (c: Llava): Block => {
    const layers = featureLayers(c.vision_feature_layer, fallback);
    const width = widthOf(c.text);
    return body({
      towers: Object.fromEntries(towerNames.map((name) => [name, c.vision.build().root])),
      projector: projector(widthOf(c.vision) * layers.length, width, {
        activation: c.projector_hidden_act,
        bias: c.multimodal_projector_bias,
      }),
      language: c.text.build(),
      select: [
        { op: 'hiddenStates', layers },
        ...(c.vision_feature_select_strategy === 'default' ? dropClassToken : []),
      ],
      ...(newline ? { own: { image_newline: parameter(width) } } : {}),
    });
  };

/** Features of several layers, normed side by side. */
function vipBody(c: VipLlava): Block {
  const layers = featureLayers(c.vision_feature_layers, [-2, -5, -8, -11, 6]);
  return body({
    towers: { vision_tower: c.vision.build().root },
    projector: projector(widthOf(c.vision) * layers.length, widthOf(c.text), {
      activation: c.projector_hidden_act,
      bias: true,
      normEpsilon: c.projector_layernorm_eps,
    }),
    language: c.text.build(),
    select: [{ op: 'hiddenStates', layers }, ...dropClassToken],
  });
}

/** LLaVA's head is tied where the language model's own config says so, too. */
function classes<C extends Towers & { readonly tie_word_embeddings: boolean }>(
  name: string,
  body: (config: C) => Block,
  asText = false,
): Record<string, (config: C) => Blueprint> {
  return languageClasses(name, {
    body,
    pixels: (c) => pixelsOf(c.vision),
    tied: (c) => c.tie_word_embeddings || (asText && tiesItself(c.text)),
  });
}

const initializerRange = () => 0.02;

export const llava = family({
  modelType: 'llava',
  keys,
  base: 'LlavaModel',
  nested: towers(336),
  initializerRange,
  architectures: classes<Llava>('Llava', llavaBody(['vision_tower']), true),
});

export const llavaNext = family({
  modelType: 'llava_next',
  keys,
  base: 'LlavaNextModel',
  nested: towers(336),
  initializerRange,
  architectures: classes<Llava>('LlavaNext', llavaBody(['vision_tower'], { newline: true })),
});

/** LLaVA-NeXT with SigLIP and Qwen 2. */
export const llavaOnevision = family({
  modelType: 'llava_onevision',
  keys: {
    ...keys,
    vision_feature_select_strategy: text('full', ['default', 'full']),
    vision_feature_layer: any(),
  },
  base: 'LlavaOnevisionModel',
  nested: (config, families): Towers => ({
    text: subModel(config, families, 'text_config', 'qwen2'),
    vision: subModel(config, families, 'vision_config', 'siglip_vision_model', SIGLIP_SO),
  }),
  initializerRange,
  architectures: classes<Llava>(
    'LlavaOnevision',
    llavaBody(['vision_tower'], { newline: true, layers: [-1] }),
    true,
  ),
});

export const videoLlava = family({
  modelType: 'video_llava',
  keys,
  base: 'VideoLlavaModel',
  nested: towers(224),
  initializerRange,
  architectures: classes<Llava>('VideoLlava', llavaBody(['image_tower', 'video_tower'])),
});

export const vipLlava = family({
  modelType: 'vipllava',
  keys: vipKeys,
  base: 'VipLlavaModel',
  nested: towers(336),
  initializerRange,
  architectures: classes<VipLlava>('VipLlava', vipBody),
});
