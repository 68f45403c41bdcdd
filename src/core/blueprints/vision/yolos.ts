/** YOLOS (Fang et al. 2021): a ViT with detection tokens behind the patches, and positions added between layers too. */
import { labels, type Common } from '../../config/common';
import { flag, size, sizePair, type Values } from '../../config/keys';
import { block, listed, parameter } from '../../model/build';
import type { Block, Module } from '../../model/module';
import { layerNorm, linear } from '../blocks/layers';
import {
  BERT_LIKE_NAMES,
  firstTokenPooler,
  gridOf,
  layerShape,
  learnedTokens,
  patchEmbeddings,
  patchKeys,
  patchLayer,
  pixelInput,
} from '../blocks/patches';
import { ZERO_TOKENS } from '../blocks/starts';
import { family } from '../family';

const { head_dim: _, ...common } = patchKeys;
const keys = {
  ...common,
  image_size: { ...sizePair(512), fallback: [512, 864] as const },
  num_detection_tokens: size(100),
  use_mid_position_embeddings: flag(true),
} as const;

type Config = Values<typeof keys> & Common;

function encoder(c: Config): Block {
  const [height, width] = c.image_size;
  const tokens =
    1 + Math.floor((height * width) / (c.patch_size[0] * c.patch_size[1])) + c.num_detection_tokens;
  const tables = parameter(c.num_hidden_layers - 1, 1, tokens, c.hidden_size);
  const layers = Array.from({ length: c.num_hidden_layers }, () =>
    patchLayer(layerShape({ ...c, head_dim: undefined }), BERT_LIKE_NAMES),
  );
  const between = c.use_mid_position_embeddings;
  return block(
    'stack',
    listed('layer', layers),
    (trace, x) =>
      layers.reduce((wire, layer, index) => {
        const out = trace.run(layer, wire);
        if (!between || index === layers.length - 1) return out;
        return trace.run({ op: 'addTable', table: tables, index }, out);
      }, x),
    between ? { 'interpolation.mid_position_embeddings': tables } : {},
  );
}

function body(c: Config, pooler: boolean): Block {
  const width = c.hidden_size;
  const [rows, columns] = gridOf(c);
  const embeddings = patchEmbeddings({
    channels: c.num_channels,
    width,
    patch: c.patch_size,
    projection: 'patch_embeddings.projection',
    before: [learnedTokens('cls_token', 1, width)],
    after: [learnedTokens('detection_tokens', c.num_detection_tokens, width)],
    table: learnedTokens('position_embeddings', rows * columns + c.num_detection_tokens + 1, width),
  });
  const stack = encoder(c);
  const norm = layerNorm(width, c.layer_norm_eps);
  const pool = firstTokenPooler(width, width, 'tanh');
  const children: Record<string, Module> = {
    embeddings,
    encoder: stack,
    layernorm: norm,
    ...(pooler ? pool.children : {}),
  };
  return block('model', children, (trace, pixels) => {
    const x = trace.chain(pixels, embeddings, stack, norm);
    if (pooler) trace.chain(x, ...pool.chain);
    return x;
  });
}

/** Three linear maps with ReLU between them. */
function predictor(width: number, outputs: number): Block {
  const layers = [linear(width, width), linear(width, width), linear(width, outputs)] as const;
  const relu = { op: 'activation', activation: 'relu' } as const;
  return block('head', listed('layers', layers), (trace, x) =>
    trace.chain(x, layers[0], relu, layers[1], relu, layers[2]),
  );
}

function detection(c: Config) {
  const vit = body(c, false);
  // One more class: no object.
  const classes = predictor(c.hidden_size, labels(c) + 1);
  const boxes = predictor(c.hidden_size, 4);
  const children = { vit, class_labels_classifier: classes, bbox_predictor: boxes };
  const root = block('model', children, (trace, pixels) => {
    const found = trace.chain(pixels, vit, { op: 'lastTokens', count: c.num_detection_tokens });
    trace.chain(found, boxes, { op: 'activation', activation: 'sigmoid' });
    return trace.run(classes, found);
  });
  return { root, inputs: pixelInput(c) };
}

export const yolos = family({
  modelType: 'yolos',
  keys,
  base: 'YolosModel',
  initializerRange: (c) => c.initializer_range,
  starts: () => ZERO_TOKENS,
  check: (c, checks) =>
    checks.multiple('hidden_size', c.hidden_size, 'num_attention_heads', c.num_attention_heads),
  architectures: {
    YolosModel: (c) => ({ root: body(c, true), inputs: pixelInput(c) }),
    YolosForObjectDetection: detection,
  },
});
