/**
 * Idefics 2 (Laurençon et al. 2024): SigLIP's tokens, mapped to the width of Mistral, and a perceiver whose learned
 * latents look at them and at each other.
 */
import { activation, tie } from '../../config/common';
import { depth, real, size, type Values } from '../../config/keys';
import { block, listed, parameter } from '../../model/build';
import type { Block, Mlp } from '../../model/module';
import { groupedQueryAttention } from '../blocks/attention';
import { layerNorm, linear, mlp, rmsNorm } from '../blocks/layers';
import { family, subModel, type SubModel } from '../family';
import { languageClasses, placed, widthOf } from './language';
import { imageInput, layersOf, towerEmbeddings } from './towers';

const visionKeys = {
  hidden_size: size(768, { role: 'width' }),
  intermediate_size: size(3072),
  num_hidden_layers: depth(12),
  num_attention_heads: size(12),
  num_channels: size(3),
  image_size: size(224),
  patch_size: size(32),
  hidden_act: activation('gelu_pytorch_tanh'),
  layer_norm_eps: real(1e-6),
} as const;

const perceiverKeys = {
  hidden_act: activation('silu'),
  hidden_size: size(4096),
  rms_norm_eps: real(1e-6),
  resampler_n_latents: size(64),
  resampler_depth: depth(3),
  resampler_n_heads: size(16),
  resampler_head_dim: size(96),
  num_key_value_heads: size(4, { role: 'keyValueHeads' }),
} as const;

type Perceiver = Values<typeof perceiverKeys>;

interface Parts {
  readonly text: SubModel;
  readonly vision: Values<typeof visionKeys>;
  readonly perceiver: Perceiver;
  readonly tie_word_embeddings: boolean;
}

function tower(c: Parts['vision']): Block {
  const embeddings = towerEmbeddings(c, false);
  const encoder = layersOf(c, { type: 'full' });
  const norm = layerNorm(c.hidden_size, c.layer_norm_eps);
  return block('model', { embeddings, encoder, post_layernorm: norm }, (trace, pixels) =>
    trace.chain(pixels, embeddings, encoder, norm),
  );
}

function gated(inputs: number, inner: number, outputs: number, act: string): Mlp {
  const map = (from: number, to: number) => linear(from, to, { bias: false });
  return mlp(
    act,
    { gate: map(inputs, inner), up: map(inputs, inner), down: map(inner, outputs) },
    { gate: 'gate_proj', up: 'up_proj', down: 'down_proj' },
  );
}

/** Latents x and tokens: x + attention(norm x, both normed), then x + mlp(norm x). */
function perceiverLayer(c: Perceiver): Block {
  const width = c.hidden_size;
  const norm = () => rmsNorm(width, c.rms_norm_eps);
  const children = {
    input_latents_norm: norm(),
    input_context_norm: norm(),
    self_attn: groupedQueryAttention(
      width,
      {
        place: 'cross',
        heads: c.resampler_n_heads,
        keyValueHeads: c.num_key_value_heads,
        headDim: c.resampler_head_dim,
        mask: { type: 'full' },
      },
      false,
    ),
    post_attention_layernorm: norm(),
    mlp: gated(width, 4 * width, width, c.hidden_act),
  };
  return block('layer', children, (trace, latents, tokens) => {
    const own = trace.run(children.input_latents_norm, latents);
    const seen = trace.run(children.input_context_norm, tokens);
    const both = trace.run({ op: 'concatenate', axis: 'tokens' }, seen, own);
    const x = trace.add(latents, trace.run(children.self_attn, own, both));
    return trace.add(x, trace.chain(x, children.post_attention_layernorm, children.mlp));
  });
}

/** Tokens [b, s, width] → latents [b, n, width]. */
function perceiver(c: Perceiver): Block {
  const table = parameter(c.resampler_n_latents, c.hidden_size);
  const layers = Array.from({ length: c.resampler_depth }, () => perceiverLayer(c));
  const norm = rmsNorm(c.hidden_size, c.rms_norm_eps);
  return block(
    'stack',
    { ...listed('layers', layers), norm },
    (trace, tokens) => {
      let x = trace.run({ op: 'learnedSequence', table, eachBatch: true }, tokens);
      for (const layer of layers) x = trace.run(layer, x, tokens);
      return trace.run(norm, x);
    },
    { latents: table },
  );
}

function connector(c: Parts): Block {
  const { values } = c.text;
  const width = widthOf(c.text);
  const map = gated(
    c.vision.hidden_size,
    values['intermediate_size'] as number,
    width,
    values['hidden_act'] as string,
  );
  // The class gives the perceiver the language model's width and norm where they differ.
  const own =
    c.perceiver.hidden_size === width
      ? c.perceiver
      : { ...c.perceiver, hidden_size: width, rms_norm_eps: values['rms_norm_eps'] as number };
  const resampler = perceiver(own);
  return block('part', { modality_projection: map, perceiver_resampler: resampler }, (trace, x) =>
    trace.chain(x, map, resampler),
  );
}

export const idefics2 = family({
  modelType: 'idefics2',
  keys: { tie_word_embeddings: tie(false) },
  base: 'Idefics2Model',
  nested: (config, families) => ({
    text: subModel(config, families, 'text_config', 'mistral', {
      max_position_embeddings: 32768,
      rms_norm_eps: 1e-5,
    }),
    vision: config.nested('vision_config').values(visionKeys),
    perceiver: config.nested('perceiver_config').values(perceiverKeys),
  }),
  initializerRange: () => 0.02,
  architectures: languageClasses<Parts>('Idefics2', {
    body: (c) =>
      placed(
        { name: 'vision_model', root: tower(c.vision) },
        { name: 'connector', root: connector(c) },
        c.text.build().root,
        'text_model',
      ),
    pixels: (c) => imageInput(c.vision),
    tied: (c) => c.tie_word_embeddings,
    language: 'text_model',
  }),
});
