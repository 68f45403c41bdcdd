/**
 * LLaVA (Liu et al. 2023) and its kin: features of an image tower, projected to the width of a language model, stand in
 * for placeholders among its tokens. Both towers are models of their own types.
 */
import { activation, tie } from '../../config/common';
import type { Config } from '../../config/config';
import { any, flag, real, text, type Values } from '../../config/keys';
import { block, parameter, type Chain } from '../../model/build';
import type { Block, Embedding, Linear, Module, ModelInput, Parameter } from '../../model/module';
import { modulesOf } from '../../model/walk';
import { layerNorm, linear } from '../blocks/layers';
import { family, subModel, type Blueprint, type Families, type SubModel } from '../family';

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

/** A width by any of the names that config classes have for it. */
function widthOf({ values }: SubModel): number {
  const found = ['hidden_size', 'd_model', 'n_embd'].map((name) => values[name]);
  return found.find((each) => typeof each === 'number') ?? 1;
}

/** The layers whose features are taken, one number or several. */
function layersOf(given: unknown, fallback: readonly number[]): readonly number[] {
  if (typeof given === 'number') return [given];
  return Array.isArray(given) ? given.filter((each) => typeof each === 'number') : fallback;
}

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

/** The table of tokens of a language model. */
function tokenTable(root: Module): Embedding | undefined {
  let found: Embedding | undefined;
  modulesOf(root, (module) => {
    if (module.kind === 'embedding' && module.of === 'tokens') found ??= module;
  });
  return found;
}

function withHead(model: Block, c: Towers & { readonly tie_word_embeddings: boolean }, tied: boolean): Block {
  const table = tokenTable(model.children['language_model']!);
  const rows = typeof c.text.values['vocab_size'] === 'number' ? c.text.values['vocab_size'] : 1;
  const weight = tied && table !== undefined ? { weight: table.weight } : {};
  const head: Linear = linear(widthOf(c.text), rows, { bias: false, ...weight });
  return block('model', { model, lm_head: head }, (trace, ids, pixels) =>
    trace.chain(trace.run(model, ids, pixels), head),
  );
}

function inputs({ text, vision }: Towers): ModelInput[] {
  const ids = text.build().inputs.find((each) => each.type === 'tokens')!;
  const pixels = vision.build().inputs.find((each) => each.type === 'pixels')!;
  return [ids, { ...pixels, optional: true }];
}

const dropClassToken: Chain = [{ op: 'dropTokens', count: 1 }];

/** @param towerNames what the class calls its towers: `vision_tower`. @param newline a learned end of an image's row. */
const llavaBody =
  (towerNames: readonly string[], newline = false) =>
  (c: Llava): Block => {
    const layers = layersOf(c.vision_feature_layer, [-2]);
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
  const layers = layersOf(c.vision_feature_layers, [-2, -5, -8, -11, 6]);
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

/** The model alone, and with the head; LLaVA's head is tied where the language model's own config says so, too. */
function classes<C extends Towers & { readonly tie_word_embeddings: boolean }>(
  name: string,
  make: (config: C) => Block,
  asText = false,
): Record<string, (config: C) => Blueprint> {
  return {
    [`${name}Model`]: (c) => ({ root: make(c), inputs: inputs(c) }),
    [`${name}ForConditionalGeneration`]: (c) => {
      const tied = c.tie_word_embeddings || (asText && c.text.values['tie_word_embeddings'] === true);
      return { root: withHead(make(c), c, tied), inputs: inputs(c) };
    },
  };
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
  architectures: classes<Llava>('LlavaNext', llavaBody(['vision_tower'], true)),
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
