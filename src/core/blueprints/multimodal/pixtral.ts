/**
 * Pixtral (Agrawal et al. 2024): patches of images of any size with rotary positions of row and column. Mistral 3: its
 * features, squares of neighbours merged to one, before Mistral's decoder.
 */
import { activation, anyActivation, tie } from '../../config/common';
import { any, depth, flag, size, sizePair, type Values } from '../../config/keys';
import { block, listed, type Chain } from '../../model/build';
import type { Block, Rotary } from '../../model/module';
import { separateAttention } from '../blocks/attention';
import { gatedMlp } from '../blocks/feedForward';
import { linear, patchConvolution, rmsNorm } from '../blocks/layers';
import { gridOf, pixelInput } from '../blocks/patches';
import { sequential } from '../blocks/residual';
import { number, rotary, rotaryKeys } from '../blocks/rotary';
import { family, subModel, type SubModel } from '../family';
import { featureLayers, languageClasses, pixelsOf, placed, widthOf } from './language';

const pixtralKeys = {
  hidden_size: size(1024, { role: 'width' }),
  intermediate_size: size(4096),
  num_hidden_layers: depth(24),
  num_attention_heads: size(16),
  num_channels: size(3),
  image_size: sizePair(1024),
  patch_size: sizePair(16),
  hidden_act: anyActivation('gelu'),
  ...rotaryKeys,
} as const;

type Pixtral = Values<typeof pixtralKeys>;

/** A row and a column for each patch. */
function angles(c: Pixtral): Rotary {
  const dim = Math.floor(c.hidden_size / c.num_attention_heads);
  return {
    ...rotary(c, { dim, defaultTheta: 10000, positions: 1, scheme: {} }),
    theta: number(c.rope_parameters ?? {}, 'rope_theta') ?? 10000,
    axes: { positions: 2, sections: [dim / 4, dim / 4], order: 'interleaved' },
  };
}

/** x + attention(norm x), then x + mlp(norm x). */
function layer(c: Pixtral): Block {
  const width = c.hidden_size;
  const square = () => linear(width, width, { bias: false });
  const [rows, columns] = gridOf(c);
  const { theta } = angles(c);
  const attention = separateAttention(
    {
      heads: c.num_attention_heads,
      headDim: Math.floor(width / c.num_attention_heads),
      mask: { type: 'full' },
      position: {
        type: 'rotaryGrid',
        theta,
        height: rows,
        width: columns,
        places: 'indices',
        alternating: true,
      },
    },
    { query: square(), key: square(), value: square(), output: square() },
    { query: 'q_proj', key: 'k_proj', value: 'v_proj', output: 'o_proj' },
  );
  const children = {
    attention_norm: rmsNorm(width, 1e-5),
    feed_forward: gatedMlp(width, c.intermediate_size, c.hidden_act),
    attention,
    ffn_norm: rmsNorm(width, 1e-5),
  };
  return block('layer', children, (trace, x) =>
    sequential(trace, x, [children.attention_norm, attention], [children.ffn_norm, children.feed_forward]),
  );
}

/** Pixels [b, c, h, w] → patches [b, s, width]. */
function pixtralTower(c: Pixtral): Block {
  const projection = patchConvolution(c.num_channels, c.hidden_size, c.patch_size, false);
  const norm = rmsNorm(c.hidden_size, 1e-5);
  const layers = Array.from({ length: c.num_hidden_layers }, () => layer(c));
  const stack = block('stack', listed('layers', layers), (trace, x) => trace.chain(x, ...layers));
  const turns = angles(c);
  const children = {
    patch_conv: projection,
    ln_pre: norm,
    transformer: stack,
    patch_positional_embedding: turns,
  };
  return block('model', children, (trace, pixels) => {
    // All images are one sequence, whose mask keeps them apart.
    const x = trace.chain(pixels, projection, { op: 'patchesToTokens' }, { op: 'packSequences' }, norm);
    trace.run(turns, x);
    return trace.run(stack, x);
  });
}

export const pixtral = family({
  modelType: 'pixtral',
  keys: pixtralKeys,
  base: 'PixtralVisionModel',
  initializerRange: () => 0.02,
  architectures: { PixtralVisionModel: (c) => ({ root: pixtralTower(c), inputs: pixelInput(c) }) },
});

const keys = {
  projector_hidden_act: activation('gelu'),
  vision_feature_layer: any(),
  multimodal_projector_bias: flag(false),
  spatial_merge_size: size(2),
  tie_word_embeddings: tie(true),
} as const;

/** What the class takes where the whole nested config is missing. */
const PIXTRAL_12B = {
  intermediate_size: 4096,
  hidden_size: 1024,
  patch_size: [14, 14],
  image_size: [1540, 1540],
  num_hidden_layers: 24,
  num_attention_heads: 16,
  hidden_act: 'gelu',
};
const MISTRAL_SMALL = {
  head_dim: 128,
  hidden_act: 'silu',
  hidden_size: 5120,
  initializer_range: 0.02,
  intermediate_size: 32768,
  max_position_embeddings: 131072,
  num_attention_heads: 32,
  num_hidden_layers: 40,
  num_key_value_heads: 8,
  rms_norm_eps: 1e-5,
  rope_theta: 1e9,
  sliding_window: null,
  vocab_size: 131072,
};

type Mistral3 = Values<typeof keys> & { readonly text: SubModel; readonly vision: SubModel };

/** Norm, merging of neighbours, and two linear maps. */
function projector(c: Mistral3): Block {
  const { values } = c.vision;
  const [width, outputs, merge] = [widthOf(c.vision), widthOf(c.text), c.spatial_merge_size];
  const layers = featureLayers(c.vision_feature_layer, [-1]);
  const epsilon = c.text.values['rms_norm_eps'];
  const norm = rmsNorm(width, typeof epsilon === 'number' ? epsilon : 1e-6);
  const merging = linear(width * merge ** 2, width, { bias: false });
  const first = linear(width * layers.length, outputs, { bias: c.multimodal_projector_bias });
  const second = linear(outputs, outputs, { bias: c.multimodal_projector_bias });
  const children = { norm, 'patch_merger.merging_layer': merging, linear_1: first, linear_2: second };
  const [height, wide] = gridOf({
    image_size: sides(values, 'image_size'),
    patch_size: sides(values, 'patch_size'),
  });
  const chain: Chain = [
    { op: 'hiddenStates', layers },
    norm,
    { op: 'joinSquares', height, width: wide, side: merge },
    merging,
    first,
    { op: 'activation', activation: c.projector_hidden_act },
    second,
  ];
  return block('part', children, (trace, x) => trace.chain(x, ...chain));
}

/** Height and width, which a tower of another type may have as one number. */
function sides(values: SubModel['values'], key: string): readonly [number, number] {
  const found = values[key];
  const [height, width = height]: readonly unknown[] = Array.isArray(found) ? (found as unknown[]) : [found];
  return typeof height === 'number' && typeof width === 'number' ? [height, width] : [1, 1];
}

export const mistral3 = family({
  modelType: 'mistral3',
  keys,
  base: 'Mistral3Model',
  nested: (config, families) => ({
    text: subModel(config, families, 'text_config', 'mistral', MISTRAL_SMALL),
    vision: subModel(config, families, 'vision_config', 'pixtral', PIXTRAL_12B),
  }),
  initializerRange: () => 0.02,
  architectures: languageClasses<Mistral3>('Mistral3', {
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
