/**
 * DINOv2 (Oquab et al. 2023), the same with registers (Darcet et al. 2023), and DINOv3 (Siméoni et al. 2025): ViTs whose
 * branches have learned scales.
 */
import { activation, type Common } from '../../config/common';
import { depth, flag, real, size, sizePair, type Values } from '../../config/keys';
import { block, parameter } from '../../model/build';
import type { Block, Starts } from '../../model/module';
import { layerNorm } from '../blocks/layers';
import {
  gridOf,
  labelHead,
  layerShape,
  layerStack,
  learnedTokens,
  patchEmbeddings,
  patchKeys,
  patchLayer,
  pixelInput,
  VIT_NAMES,
  type LayerNames,
} from '../blocks/patches';
import { family, type Blueprint } from '../family';

const { intermediate_size: _, ...common } = patchKeys;
const keys = {
  ...common,
  layer_norm_eps: real(1e-6),
  layerscale_value: real(1),
  mlp_ratio: real(4),
  use_swiglu_ffn: flag(false),
} as const;
const dinov2Keys = { ...keys, patch_size: sizePair(14), use_mask_token: flag(true) } as const;
const registerKeys = { ...keys, num_register_tokens: size(4, { min: 0 }) } as const;

type Config = Values<typeof keys> & Common & { use_mask_token?: boolean; num_register_tokens?: number };

const NAMES: LayerNames = { ...VIT_NAMES, attentionNorm: 'norm1', mlpNorm: 'norm2' };
const GATED: LayerNames = { ...NAMES, gate: 'gate_proj', up: 'up_proj', down: 'down_proj' };

/** LayerScale's factors, and the token of hidden patches. */
const layerScales = (c: { readonly layerscale_value: number }): Starts => [
  [/layer_scale[12]\.lambda1$/, { value: c.layerscale_value }],
  [/mask_token$/, { value: 0 }],
];

/** LayerScale's two factors of a layer. */
function scales(width: number) {
  return [
    { name: 'layer_scale1.lambda1', parameter: parameter(width) },
    { name: 'layer_scale2.lambda1', parameter: parameter(width) },
  ] as const;
}

function layer(c: Config): Block {
  const inner = Math.trunc(c.hidden_size * c.mlp_ratio);
  if (!c.use_swiglu_ffn) {
    return patchLayer(layerShape({ ...c, intermediate_size: inner }), NAMES, scales(c.hidden_size));
  }
  // Three matrices in place of two: a third narrower, to a multiple of eight.
  const intermediate = Math.floor((Math.trunc((inner * 2) / 3) + 7) / 8) * 8;
  const shape = layerShape({ ...c, intermediate_size: intermediate, hidden_act: 'silu' });
  return patchLayer({ ...shape, gated: true }, GATED, scales(c.hidden_size));
}

function body(c: Config): Block {
  const width = c.hidden_size;
  const [rows, columns] = gridOf(c);
  const registers = c.num_register_tokens;
  const embeddings = patchEmbeddings({
    channels: c.num_channels,
    width,
    patch: c.patch_size,
    projection: 'patch_embeddings.projection',
    before: [learnedTokens('cls_token', 1, width)],
    table: learnedTokens('position_embeddings', rows * columns + 1, width),
    ...(registers === undefined ? {} : { registers: learnedTokens('register_tokens', registers, width) }),
    unused: (c.use_mask_token ?? true) ? [{ name: 'mask_token', parameter: parameter(1, width) }] : [],
  });
  const encoder = layerStack(
    'layer',
    Array.from({ length: c.num_hidden_layers }, () => layer(c)),
  );
  const norm = layerNorm(width, c.layer_norm_eps);
  const children = { embeddings, encoder, layernorm: norm };
  return block('model', children, (trace, pixels) => trace.chain(pixels, embeddings, encoder, norm));
}

/** Class token and the mean of the patches, side by side. */
function classification(name: string) {
  return (c: Config): Blueprint => {
    const dino = body(c);
    const head = labelHead(c, 2 * c.hidden_size);
    const children = { [name]: dino, ...(head[0] === undefined ? {} : { classifier: head[0] }) };
    const root = block('model', children, (trace, pixels) => {
      const x = trace.run(dino, pixels);
      const mean = trace.chain(
        x,
        { op: 'dropTokens', count: 1 + (c.num_register_tokens ?? 0) },
        { op: 'meanTokens' },
      );
      const both = trace.run(
        { op: 'concatenate', axis: 'features' },
        trace.run({ op: 'firstToken' }, x),
        mean,
      );
      return trace.chain(both, ...head);
    });
    return { root, inputs: pixelInput(c) };
  };
}

const base = (c: Config): Blueprint => ({ root: body(c), inputs: pixelInput(c) });

export const dinov2 = family({
  modelType: 'dinov2',
  keys: dinov2Keys,
  base: 'Dinov2Model',
  initializerRange: (c) => c.initializer_range,
  starts: layerScales,
  architectures: {
    Dinov2Model: base,
    Dinov2Backbone: base,
    Dinov2ForImageClassification: classification('dinov2'),
  },
});

export const dinov2WithRegisters = family({
  modelType: 'dinov2_with_registers',
  keys: registerKeys,
  base: 'Dinov2WithRegistersModel',
  initializerRange: (c) => c.initializer_range,
  starts: layerScales,
  architectures: {
    Dinov2WithRegistersModel: base,
    Dinov2WithRegistersBackbone: base,
    Dinov2WithRegistersForImageClassification: classification('dinov2_with_registers'),
  },
});

const dinov3Keys = {
  patch_size: sizePair(16),
  hidden_size: size(384, { role: 'width' }),
  intermediate_size: size(1536),
  num_hidden_layers: depth(12),
  num_attention_heads: size(6),
  hidden_act: activation('gelu'),
  initializer_range: real(0.02),
  layerscale_value: real(1),
  layer_norm_eps: real(1e-5),
  rope_theta: real(100),
  image_size: sizePair(224),
  num_channels: size(3),
  query_bias: flag(true),
  key_bias: flag(false),
  value_bias: flag(true),
  proj_bias: flag(true),
  mlp_bias: flag(true),
  use_gated_mlp: flag(false),
  num_register_tokens: size(0, { min: 0 }),
} as const;

function dinov3Body(c: Values<typeof dinov3Keys>): Block {
  const width = c.hidden_size;
  const [rows, columns] = gridOf(c);
  const embeddings = patchEmbeddings({
    channels: c.num_channels,
    width,
    patch: c.patch_size,
    projection: 'patch_embeddings',
    before: [
      learnedTokens('cls_token', 1, width),
      learnedTokens('register_tokens', c.num_register_tokens, width),
    ],
    unused: [learnedTokens('mask_token', 1, width)],
  });
  const layers = Array.from({ length: c.num_hidden_layers }, () =>
    patchLayer(
      {
        width,
        heads: c.num_attention_heads,
        intermediate: c.intermediate_size,
        activation: c.hidden_act,
        epsilon: c.layer_norm_eps,
        biases: { query: c.query_bias, key: c.key_bias, value: c.value_bias },
        outputBias: c.proj_bias,
        mlpBias: c.mlp_bias,
        gated: c.use_gated_mlp,
        position: {
          type: 'rotaryGrid',
          theta: c.rope_theta,
          height: rows,
          width: columns,
          places: 'centres',
        },
      },
      GATED,
      scales(width),
    ),
  );
  const encoder = layerStack('layer', layers);
  const norm = layerNorm(width, c.layer_norm_eps);
  return block('model', { embeddings, model: encoder, norm }, (trace, pixels) =>
    trace.chain(pixels, embeddings, encoder, norm),
  );
}

const dinov3 = (c: Values<typeof dinov3Keys>): Blueprint => ({ root: dinov3Body(c), inputs: pixelInput(c) });

export const dinov3Vit = family({
  modelType: 'dinov3_vit',
  keys: dinov3Keys,
  base: 'DINOv3ViTModel',
  initializerRange: (c) => c.initializer_range,
  starts: layerScales,
  check: (c, checks) =>
    checks.multiple('hidden_size', c.hidden_size, 'num_attention_heads', c.num_attention_heads),
  architectures: {
    DINOv3ViTModel: dinov3,
    DINOv3ViTBackbone: dinov3,
  },
});
