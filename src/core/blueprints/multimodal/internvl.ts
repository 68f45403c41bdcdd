/** InternVL 3 (Zhu et al. 2025): a vision transformer with scaled branches, squares of its tokens joined, Qwen 2. */
import { activation, tie } from '../../config/common';
import { any, depth, flag, real, size, sizePair, text, type Values } from '../../config/keys';
import { block, parameter, type Chain } from '../../model/build';
import type { Block, Module, Norm } from '../../model/module';
import { queryKeyNorm, separateAttention, withExtras } from '../blocks/attention';
import { layerNorm, linear, mlp, rmsNorm } from '../blocks/layers';
import { gridOf, learnedTokens, layerStack, patchEmbeddings, pixelInput } from '../blocks/patches';
import { sequential } from '../blocks/residual';
import { family, subModel, type Reading, type SubModel } from '../family';
import { featureLayers, languageClasses, pixelsOf, placed, widthOf } from './language';

const visionKeys = {
  hidden_size: size(1024, { role: 'width' }),
  num_hidden_layers: depth(24),
  num_attention_heads: size(16),
  attention_bias: flag(false),
  use_qk_norm: flag(false),
  intermediate_size: size(4096),
  hidden_act: activation('gelu'),
  norm_type: text('layer_norm', ['layer_norm', 'rms_norm']),
  layer_norm_eps: real(1e-6),
  image_size: sizePair(448),
  patch_size: sizePair(14),
  num_channels: size(3),
  use_mask_token: flag(false),
  use_absolute_position_embeddings: flag(true),
  use_mean_pooling: flag(true),
} as const;

type Vision = Values<typeof visionKeys>;

/** x + λ₁·attention(norm x), then x + λ₂·mlp(norm x). */
function layer(c: Vision): Block {
  const width = c.hidden_size;
  const heads = c.num_attention_heads;
  const headDim = Math.floor(width / heads);
  const biased = () => linear(width, width, { bias: c.attention_bias });
  const sizes = { heads, keyValueHeads: heads, headDim };
  const norms = (over: number) => rmsNorm(over, 1e-6);
  const attention = withExtras(
    separateAttention(
      {
        heads,
        headDim,
        mask: { type: 'full' },
        ...(c.use_qk_norm ? { extras: { queryKeyNorm: queryKeyNorm(norms, 'all', sizes) } } : {}),
      },
      { query: biased(), key: biased(), value: biased(), output: linear(width, width) },
      { query: 'q_proj', key: 'k_proj', value: 'v_proj', output: 'projection_layer' },
    ),
  );
  const feedForward = mlp(
    c.hidden_act,
    { up: linear(width, c.intermediate_size), down: linear(c.intermediate_size, width) },
    { up: 'fc1', down: 'fc2' },
  );
  const norm = (): Norm => (c.norm_type === 'rms_norm' ? rmsNorm : layerNorm)(width, c.layer_norm_eps);
  const [before, after] = [norm(), norm()];
  const scales = [parameter(width), parameter(width)] as const;
  const children = { attention, mlp: feedForward, layernorm_before: before, layernorm_after: after };
  return block(
    'layer',
    children,
    (trace, x) =>
      sequential(
        trace,
        x,
        [before, attention, { op: 'scaleChannels', by: scales[0] }],
        [after, feedForward, { op: 'scaleChannels', by: scales[1] }],
      ),
    { lambda_1: scales[0], lambda_2: scales[1] },
  );
}

/** Pixels → patches behind a class token [b, s, width]. */
function visionTower(c: Vision): Block {
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
  const layers = Array.from({ length: c.num_hidden_layers }, () => layer(c));
  const encoder = layerStack('layer', layers);
  const last = c.use_mean_pooling ? undefined : layerNorm(width, c.layer_norm_eps);
  const children: Record<string, Module> = { embeddings, encoder };
  if (last !== undefined) children['layernorm'] = last;
  return block('model', children, (trace, pixels) =>
    trace.chain(pixels, embeddings, encoder, ...(last === undefined ? [] : [last])),
  );
}

export const internvlVision = family({
  modelType: 'internvl_vision',
  keys: visionKeys,
  base: 'InternVLVisionModel',
  initializerRange: () => 0.02,
  check: (c, checks) =>
    checks.multiple('hidden_size', c.hidden_size, 'num_attention_heads', c.num_attention_heads),
  architectures: {
    InternVLVisionModel: (c) => ({ root: visionTower(c), inputs: pixelInput(c) }),
  },
});

const keys = {
  downsample_ratio: real(0.5),
  projector_hidden_act: activation('gelu'),
  vision_feature_layer: any(),
  vision_feature_select_strategy: text('default'),
  tie_word_embeddings: tie(true),
} as const;

type InternVl = Values<typeof keys> & { readonly text: SubModel; readonly vision: Reading };

/** Tokens of a grid → squares of them side by side → norm and two linear maps. */
function projector(c: InternVl): Block {
  const { image_size, patch_size } = c.vision.values as Vision;
  const [height, width] = gridOf({ image_size, patch_size });
  const side = Math.trunc(1 / c.downsample_ratio);
  const inputs = widthOf(c.vision) * side ** 2;
  const outputs = widthOf(c.text);
  const children = {
    layer_norm: layerNorm(inputs, 1e-5),
    linear_1: linear(inputs, outputs),
    linear_2: linear(outputs, outputs),
  };
  const chain: Chain = [
    { op: 'hiddenStates', layers: featureLayers(c.vision_feature_layer, [-1]) },
    ...(c.vision_feature_select_strategy === 'default' ? [{ op: 'dropTokens', count: 1 } as const] : []),
    { op: 'joinSquares', height, width, side },
    children.layer_norm,
    children.linear_1,
    { op: 'activation', activation: c.projector_hidden_act },
    children.linear_2,
  ];
  return block('part', children, (trace, x) => trace.chain(x, ...chain));
}

export const internvl = family({
  modelType: 'internvl',
  keys,
  base: 'InternVLModel',
  nested: (config, families) => ({
    text: subModel(config, families, 'text_config', 'qwen2'),
    vision: internvlVision.read(config.nested('vision_config'), families),
  }),
  initializerRange: () => 0.02,
  architectures: languageClasses<InternVl>('InternVL', {
    body: (c) =>
      placed(
        { name: 'vision_tower', root: c.vision.build().root },
        { name: 'multi_modal_projector', root: projector(c) },
        c.text.build().root,
      ),
    pixels: (c) => pixelsOf(c.vision),
    tied: (c) => c.tie_word_embeddings,
  }),
});
