/** CLIP (Radford et al. 2021): a causal text tower and a ViT, trained to agree; MetaCLIP 2 (2025) is it by another name. */
import { activation, labels, type Common } from '../../config/common';
import type { Config } from '../../config/config';
import { depth, real, size, type Values } from '../../config/keys';
import { block, parameter } from '../../model/build';
import type { Block, Starts } from '../../model/module';
import { layerNorm, linear } from '../blocks/layers';
import { family, tokenInput, type Blueprint, type Families, type Family } from '../family';
import { imageInput, layersOf, pairInputs, similarity, textTower, towerEmbeddings, under } from './towers';

const common = {
  intermediate_size: size(3072),
  projection_dim: size(512),
  num_hidden_layers: depth(12),
  num_attention_heads: size(12),
  hidden_act: activation('quick_gelu'),
  layer_norm_eps: real(1e-5),
  initializer_range: real(0.02),
  initializer_factor: real(1),
} as const;
const visionKeys = {
  ...common,
  hidden_size: size(768, { role: 'width' }),
  num_channels: size(3),
  image_size: size(224),
  patch_size: size(32),
} as const;
const textKeys = {
  ...common,
  vocab_size: size(49408),
  hidden_size: size(512, { role: 'width' }),
  intermediate_size: size(2048),
  num_attention_heads: size(8),
  max_position_embeddings: size(77),
} as const;

type Vision = Values<typeof visionKeys>;
type Text = Values<typeof textKeys>;

/** Pixels → tokens, or the normed class token. */
export function clipVision(c: Vision, returned: 'tokens' | 'pooled'): Block {
  const embeddings = towerEmbeddings(c, true);
  const norm = () => layerNorm(c.hidden_size, c.layer_norm_eps);
  const [before, after] = [norm(), norm()];
  const encoder = layersOf(c, { type: 'full' });
  // The checkpoints have it spelt so.
  const children = { embeddings, pre_layrnorm: before, encoder, post_layernorm: after };
  return block('model', children, (trace, pixels) => {
    const x = trace.chain(pixels, embeddings, before, encoder);
    const pooled = trace.chain(x, { op: 'firstToken' }, after);
    return returned === 'tokens' ? x : pooled;
  });
}

/** Ids → tokens, or the end-of-text token. */
function clipText(c: Text, returned: 'tokens' | 'pooled'): Block {
  const pool = { children: {}, chain: [{ op: 'lastToken' }], returned: returned === 'pooled' } as const;
  return textTower(c, { type: 'causal' }, pool);
}

function projected(name: string, tower: Block, head: string, width: number, outputs: number): Block {
  const projection = linear(width, outputs, { bias: false });
  return block('model', { [name]: tower, [head]: projection }, (trace, x) =>
    trace.chain(x, tower, projection),
  );
}

interface Towers {
  readonly text: Text;
  readonly vision: Vision;
}

/** A tower's keys; old files repeat them under `text_config_dict`, which then replaces the other altogether. */
function towers(config: Config, families: Families, types: Readonly<Record<keyof Towers, Family>>): Towers {
  const read = (part: keyof Towers): unknown => {
    const old = `${part}_config_dict`;
    const given = typeof config.raw(old) === 'object' && config.raw(old) !== null;
    return types[part].read(config.nested(given ? old : `${part}_config`), families).values;
  };
  return { text: read('text') as Text, vision: read('vision') as Vision };
}

function both(c: Towers & { readonly projection_dim: number }): Blueprint {
  const { text, vision, projection_dim: width } = c;
  const parts = { text_model: clipText(text, 'pooled'), vision_model: clipVision(vision, 'pooled') };
  const visual = linear(vision.hidden_size, width, { bias: false });
  const textual = linear(text.hidden_size, width, { bias: false });
  const products = similarity();
  const children = { ...parts, visual_projection: visual, text_projection: textual, '(logits)': products };
  const root = block(
    'model',
    children,
    (trace, ids, pixels) =>
      trace.run(
        products,
        trace.chain(ids, parts.text_model, textual),
        trace.chain(pixels, parts.vision_model, visual),
      ),
    { logit_scale: parameter() },
  );
  return { root, inputs: pairInputs(text, vision) };
}

function classification(c: Towers & Common): Blueprint {
  const tower = clipVision(c.vision, 'tokens');
  const count = labels(c);
  const heads = count === 0 ? [] : [linear(c.vision.hidden_size, count)];
  const children = { vision_model: tower, ...(heads[0] === undefined ? {} : { classifier: heads[0] }) };
  const root = block('model', children, (trace, pixels) =>
    trace.chain(pixels, tower, { op: 'dropTokens', count: 1 }, { op: 'meanTokens' }, ...heads),
  );
  return { root, inputs: [imageInput(c.vision)] };
}

/** The deviations of a tower's maps fall with its width and depth. */
function towerStarts(c: Text | Vision): Starts {
  const width = c.hidden_size ** -0.5 * c.initializer_factor;
  const inner = width * (2 * c.num_hidden_layers) ** -0.5;
  return [
    [/(self_attn\.[qkv]_proj|mlp\.fc2)\.weight$/, { deviation: inner }],
    [/self_attn\.out_proj\.weight$/, { deviation: width }],
    [/mlp\.fc1\.weight$/, { deviation: width / Math.sqrt(2) }],
    [/(class_embedding|(visual|text)_projection\.weight)$/, { deviation: width }],
    [
      /patch_embedding\.weight$|position_embedding\.weight$/,
      { deviation: c.initializer_range * c.initializer_factor },
    ],
    [/token_embedding\.weight$/, { deviation: 0.02 * c.initializer_factor }],
  ];
}

/** @param modelType `clip`, and the prefix of its towers' types. @param name in the classes: `CLIP`. */
function clipFamilies(modelType: string, name: string): readonly Family[] {
  const vision = family({
    modelType: `${modelType}_vision_model`,
    keys: visionKeys,
    base: `${name}VisionModel`,
    initializerRange: (c) => c.initializer_range,
    starts: towerStarts,
    check: (c, checks) =>
      checks.multiple('hidden_size', c.hidden_size, 'num_attention_heads', c.num_attention_heads),
    architectures: {
      [`${name}VisionModel`]: (c) => ({ root: clipVision(c, 'tokens'), inputs: [imageInput(c)] }),
      [`${name}VisionModelWithProjection`]: (c) => ({
        root: projected(
          'vision_model',
          clipVision(c, 'pooled'),
          'visual_projection',
          c.hidden_size,
          c.projection_dim,
        ),
        inputs: [imageInput(c)],
      }),
    },
  });
  const text = family({
    modelType: `${modelType}_text_model`,
    keys: textKeys,
    base: `${name}TextModel`,
    initializerRange: (c) => c.initializer_range,
    starts: towerStarts,
    check: (c, checks) =>
      checks.multiple('hidden_size', c.hidden_size, 'num_attention_heads', c.num_attention_heads),
    architectures: {
      [`${name}TextModel`]: (c) => ({
        root: clipText(c, 'tokens'),
        inputs: tokenInput(c.max_position_embeddings),
      }),
      [`${name}TextModelWithProjection`]: (c) => ({
        root: projected(
          'text_model',
          clipText(c, 'pooled'),
          'text_projection',
          c.hidden_size,
          c.projection_dim,
        ),
        inputs: tokenInput(c.max_position_embeddings),
      }),
    },
  });
  const pair = family({
    modelType,
    keys: { projection_dim: size(512) },
    base: `${name}Model`,
    nested: (config, families) => towers(config, families, { text, vision }),
    initializerRange: (c) => c.text.initializer_range,
    starts: ({ text: t, vision: v }) => [
      ...under('text_model', towerStarts(t)),
      ...under('vision_model', towerStarts(v)),
      [/^text_projection\.weight$/, { deviation: t.hidden_size ** -0.5 }],
      [/^visual_projection\.weight$/, { deviation: v.hidden_size ** -0.5 }],
    ],
    architectures: { [`${name}Model`]: both, [`${name}ForImageClassification`]: classification },
  });
  return [pair, vision, text];
}

export const clips: readonly Family[] = [
  ...clipFamilies('clip', 'CLIP'),
  ...clipFamilies('metaclip_2', 'MetaClip2'),
];
