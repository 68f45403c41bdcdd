/**
 * PaliGemma (Beyer et al. 2024): SigLIP's tokens, one linear map, Gemma. Gemma 3: the tokens of SigLIP averaged to fewer,
 * a norm and one matrix, before Gemma 3's decoder.
 */
import { labels, tie } from '../../config/common';
import { size, type Values } from '../../config/keys';
import { block } from '../../model/build';
import type { Block } from '../../model/module';
import { linear, onePlus, rmsNorm } from '../blocks/layers';
import { family, subModel, type Reading } from '../family';
import { languageClasses, languageInputs, pixelsOf, placed, widthOf } from './language';

interface Towers {
  readonly text: Reading;
  readonly vision: Reading;
}

const paliKeys = {
  projection_dim: size(2048),
  vocab_size: size(257152),
  tie_word_embeddings: tie(true),
} as const;

/** What the class takes where the whole nested config is missing. */
const SIGLIP_SO = {
  intermediate_size: 4096,
  hidden_size: 1152,
  patch_size: 14,
  image_size: 224,
  num_hidden_layers: 27,
  num_attention_heads: 16,
  vision_use_head: false,
};
const GEMMA_2B = {
  hidden_size: 2048,
  num_hidden_layers: 18,
  intermediate_size: 16384,
  num_attention_heads: 8,
  num_key_value_heads: 1,
};

function oneLinear(inputs: number, outputs: number): Block {
  const map = linear(inputs, outputs);
  return block('part', { linear: map }, (trace, x) => trace.run(map, x));
}

export const paligemma = family({
  modelType: 'paligemma',
  keys: paliKeys,
  base: 'PaliGemmaModel',
  nested: (config, families, { vocab_size }): Towers => ({
    text: subModel(config, families, 'text_config', 'gemma', { ...GEMMA_2B, vocab_size }),
    vision: subModel(config, families, 'vision_config', 'siglip_vision_model', SIGLIP_SO),
  }),
  initializerRange: () => 0.02,
  architectures: languageClasses<Values<typeof paliKeys> & Towers>('PaliGemma', {
    body: (c) =>
      placed(
        { name: 'vision_tower', root: c.vision.build().root },
        { name: 'multi_modal_projector', root: oneLinear(widthOf(c.vision), c.projection_dim) },
        c.text.build().root,
      ),
    pixels: (c) => pixelsOf(c.vision),
    tied: (c) => c.tie_word_embeddings,
  }),
});

const gemmaKeys = { mm_tokens_per_image: size(256), tie_word_embeddings: tie(true) } as const;

type Gemma3 = Values<typeof gemmaKeys> & Towers;

/** Patches → the averages of squares of them → norm → width of the language model. */
function averaged(c: Gemma3): Block {
  const { image_size: image, patch_size: patch, layer_norm_eps: epsilon } = c.vision.values;
  const width = widthOf(c.vision);
  const norm = onePlus(rmsNorm(width, epsilon as number));
  const map = linear(width, widthOf(c.text), { bias: false, layout: 'input-output' });
  const side = Math.floor((image as number) / (patch as number));
  const wanted = Math.floor(Math.sqrt(c.mm_tokens_per_image));
  // With fewer patches than that the class takes text alone.
  const kernel = Math.max(1, Math.floor(side / wanted));
  // The matrix is a tensor of the projector itself.
  const children = { mm_soft_emb_norm: norm, '(projection)': { ...map, parameters: {} } };
  return block(
    'part',
    children,
    (trace, x) =>
      trace.chain(
        x,
        { op: 'tokensToPatches', height: side, width: side },
        { op: 'pool', type: 'average', kernel, stride: kernel, padding: 0 },
        { op: 'patchesToTokens' },
        norm,
        children['(projection)'],
      ),
    { mm_input_projection_weight: map.weight },
  );
}

const gemma3Body = (c: Gemma3): Block =>
  placed(
    { name: 'vision_tower', root: c.vision.build().root },
    { name: 'multi_modal_projector', root: averaged(c) },
    c.text.build().root,
  );

const pixels = (c: Towers) => pixelsOf(c.vision);

export const gemma3 = family({
  modelType: 'gemma3',
  keys: gemmaKeys,
  base: 'Gemma3Model',
  nested: (config, families): Towers => ({
    text: families('gemma3_text')!.read(config.nested('text_config'), families),
    vision: families('siglip_vision_model')!.read(config.nested('vision_config'), families),
  }),
  initializerRange: () => 0.02,
  architectures: {
    ...languageClasses<Gemma3>('Gemma3', { body: gemma3Body, pixels, tied: (c) => c.tie_word_embeddings }),
    Gemma3ForSequenceClassification: (c) => {
      const body = gemma3Body(c);
      const score = linear(widthOf(c.text), labels(c), { bias: false });
      const root = block('model', { model: body, score }, (trace, ids, images) =>
        trace.chain(trace.run(body, ids, images), score),
      );
      return { root, inputs: languageInputs(c.text, pixels(c)) };
    },
  },
});
