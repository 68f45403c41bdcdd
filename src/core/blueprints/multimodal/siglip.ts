/** SigLIP (Zhai et al. 2023): CLIP with a text tower that sees both ways, no class token, and attention that pools. */
import { activation, labels, type Common } from '../../config/common';
import { depth, flag, optionalSize, real, size, type Values } from '../../config/keys';
import { block, parameter } from '../../model/build';
import type { Block, Module, Starts } from '../../model/module';
import { torchAttention } from '../blocks/attention';
import { layerNorm, linear, mlp } from '../blocks/layers';
import { family, tokenInput, type Blueprint } from '../family';
import {
  imageInput,
  layersOf,
  pairInputs,
  similarity,
  textTower,
  towerEmbeddings,
  type TowerKeys,
} from './towers';

const common = {
  hidden_size: size(768, { role: 'width' }),
  intermediate_size: size(3072),
  num_hidden_layers: depth(12),
  num_attention_heads: size(12),
  hidden_act: activation('gelu_pytorch_tanh'),
  layer_norm_eps: real(1e-6),
} as const;
const visionKeys = {
  ...common,
  num_channels: size(3),
  image_size: size(224),
  patch_size: size(16),
  /** Not declared by the config class, and read all the same. */
  vision_use_head: flag(true),
} as const;
const textKeys = {
  ...common,
  vocab_size: size(32000),
  max_position_embeddings: size(64),
  projection_size: optionalSize(),
} as const;

type Vision = Values<typeof visionKeys>;
type Text = Values<typeof textKeys>;

/** Xavier's maps, LeCun's patches, and positions by the width; biases of feed-forwards are all but zero. */
const siglipStarts = (c: Pick<TowerKeys, 'hidden_size'>): Starts => [
  [/(_proj|in_proj_weight|mlp\.fc[12])(\.weight)?$|probe$/, { xavier: true }],
  [/mlp\.fc[12]\.bias$/, { deviation: 1e-6 }],
  [/in_proj_bias$/, { value: 0 }],
  [/position_embedding\.weight$/, { deviation: c.hidden_size ** -0.5 }],
  // A normal distribution that is scaled for being cut off, and hardly is.
  [/(patch_embedding|token_embedding|^head)\.weight$/, { fan: 1 / 0.87962566 }],
];

/** A learned query looks at all tokens; then a feed-forward: [b, s, width] → [b, 1, width]. */
function attentionPooler(c: TowerKeys): Block {
  const width = c.hidden_size;
  const probe = parameter(1, 1, width);
  const attention = torchAttention(width, c.num_attention_heads, 'cross');
  const norm = layerNorm(width, c.layer_norm_eps);
  const feedForward = mlp(
    c.hidden_act,
    { up: linear(width, c.intermediate_size), down: linear(c.intermediate_size, width) },
    { up: 'fc1', down: 'fc2' },
  );
  return block(
    'pooler',
    { attention, layernorm: norm, mlp: feedForward },
    (trace, x) => {
      const query = trace.run({ op: 'learnedSequence', table: probe, eachBatch: true }, x);
      const seen = trace.run(attention, query, x);
      return trace.add(seen, trace.chain(seen, norm, feedForward));
    },
    { probe },
  );
}

/** Pixels → normed tokens, or what the head pools of them. */
export function siglipVision(c: Vision, returned: 'tokens' | 'pooled'): Block {
  const embeddings = towerEmbeddings(c, false);
  const encoder = layersOf(c, { type: 'full' });
  const norm = layerNorm(c.hidden_size, c.layer_norm_eps);
  const pooler = c.vision_use_head ? attentionPooler(c) : undefined;
  const children: Record<string, Module> = { embeddings, encoder, post_layernorm: norm };
  if (pooler !== undefined) children['head'] = pooler;
  return block('model', children, (trace, pixels) => {
    const x = trace.chain(pixels, embeddings, encoder, norm);
    if (pooler === undefined) return x;
    const pooled = trace.run(pooler, x);
    return returned === 'tokens' ? x : pooled;
  });
}

function siglipText(c: Text, returned: 'tokens' | 'pooled'): Block {
  const head = linear(c.hidden_size, c.projection_size ?? c.hidden_size);
  const pool = {
    children: { head },
    chain: [{ op: 'lastToken' } as const, head],
    returned: returned === 'pooled',
  };
  return textTower(c, { type: 'full' }, pool);
}

export const siglipVisionModel = family({
  modelType: 'siglip_vision_model',
  keys: visionKeys,
  base: 'SiglipVisionModel',
  initializerRange: () => 0.02,
  starts: siglipStarts,
  check: (c, checks) =>
    checks.multiple('hidden_size', c.hidden_size, 'num_attention_heads', c.num_attention_heads),
  architectures: {
    SiglipVisionModel: (c) => ({ root: siglipVision(c, 'tokens'), inputs: [imageInput(c)] }),
  },
});

export const siglipTextModel = family({
  modelType: 'siglip_text_model',
  keys: textKeys,
  base: 'SiglipTextModel',
  initializerRange: () => 0.02,
  starts: siglipStarts,
  check: (c, checks) =>
    checks.multiple('hidden_size', c.hidden_size, 'num_attention_heads', c.num_attention_heads),
  architectures: {
    SiglipTextModel: (c) => ({
      root: siglipText(c, 'tokens'),
      inputs: tokenInput(c.max_position_embeddings),
    }),
  },
});

interface Towers {
  readonly text: Text;
  readonly vision: Vision;
}

function both({ text, vision }: Towers): Blueprint {
  const parts = { text_model: siglipText(text, 'pooled'), vision_model: siglipVision(vision, 'pooled') };
  const products = similarity();
  const root = block(
    'model',
    { ...parts, '(logits)': products },
    (trace, ids, pixels) =>
      trace.run(products, trace.run(parts.text_model, ids), trace.run(parts.vision_model, pixels)),
    { logit_scale: parameter(1), logit_bias: parameter(1) },
  );
  return { root, inputs: pairInputs(text, vision) };
}

function classification(c: Towers & Common): Blueprint {
  const tower = siglipVision(c.vision, 'tokens');
  const count = labels(c);
  const heads = count === 0 ? [] : [linear(c.vision.hidden_size, count)];
  const children = { vision_model: tower, ...(heads[0] === undefined ? {} : { classifier: heads[0] }) };
  const root = block('model', children, (trace, pixels) =>
    trace.chain(pixels, tower, { op: 'meanTokens' }, ...heads),
  );
  return { root, inputs: [imageInput(c.vision)] };
}

export const siglip = family({
  modelType: 'siglip',
  keys: {},
  base: 'SiglipModel',
  nested: (config, families): Towers => ({
    text: siglipTextModel.read(config.nested('text_config'), families).values as Text,
    vision: siglipVisionModel.read(config.nested('vision_config'), families).values as Vision,
  }),
  initializerRange: () => 0.02,
  architectures: { SiglipModel: both, SiglipForImageClassification: classification },
});
