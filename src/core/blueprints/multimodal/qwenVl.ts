/**
 * Qwen2-VL (Wang et al. 2024), 2.5 and 3: Qwen's decoder with positions of time, row and column, and a vision tower for
 * images of any size, whose squares of neighbouring patches become one token. Qwen2.5-VL keeps most of the tower's
 * attention inside of windows; Qwen3-VL's tower gives features of some layers too, for the decoder's first layers.
 */
import { tie } from '../../config/common';
import type { Config } from '../../config/config';
import { flag, nullableSize, real, size, type Values } from '../../config/keys';
import { headNorm } from '../blocks/attention';
import { decoderKeys, gatedMlp, headDimension, rotaryDecoder } from '../blocks/decoder';
import { rmsNorm } from '../blocks/layers';
import { checkLayerTypes } from '../blocks/pattern';
import { rotary, type Scheme } from '../blocks/rotary';
import { qwenMasks, qwenWindowKeys } from '../decoders/qwen';
import { family, tokenInput, type Families, type Family, type Reading } from '../family';
import type { Rotary, RotaryAxes } from '../../model/module';
import { languageClasses, placed, tiesItself } from './language';
import {
  qwen25VisionKeys,
  qwen2VisionKeys,
  qwen3VisionKeys,
  qwen25Tower,
  qwen2Tower,
  qwen3Tower,
  type Tower,
} from './qwenVision';

type RotaryKeys = Parameters<typeof rotary>[0] & Parameters<typeof headDimension>[0];

/** Angles of three positions a token. */
function axialRotary(
  c: RotaryKeys & { readonly max_position_embeddings: number },
  defaultTheta: number,
  order: RotaryAxes['order'],
  fallback: readonly number[],
): Rotary {
  const given: Scheme = c.rope_parameters ?? {};
  // The name that older files have for it.
  const named = given['rope_type'] ?? given['type'];
  const scheme = named === 'mrope' && order === 'sections' ? { ...given, rope_type: 'default' } : given;
  const sections = given['mrope_section'];
  const found = Array.isArray(sections) ? sections.filter((each) => typeof each === 'number') : fallback;
  return {
    ...rotary(c, { dim: headDimension(c), defaultTheta, positions: c.max_position_embeddings, scheme }),
    axes: { positions: 3, sections: found, order },
  };
}

const oneForAll = (angles: Rotary) => ({ all: { rotary_emb: angles }, of: () => angles });

const text2Keys = {
  ...decoderKeys({
    vocabulary: 152064,
    width: 8192,
    intermediate: 29568,
    layers: 80,
    heads: 64,
    positions: 32768,
  }),
  ...qwenWindowKeys,
  max_window_layers: nullableSize(80, { min: 0 }),
  num_key_value_heads: nullableSize(8, { role: 'keyValueHeads' }),
  rms_norm_eps: real(1e-5),
} as const;

/** Qwen 2's decoder. */
const text2 = (modelType: string, base: string) =>
  family({
    modelType,
    keys: text2Keys,
    base,
    initializerRange: (c) => c.initializer_range,
    check: (c, checks) => {
      checkLayerTypes(c, checks);
      const windows = c.use_sliding_window && c.sliding_window !== null && c.layer_types === undefined;
      if (windows && c.max_window_layers === null) checks.conflict('max_window_layers', 'use_sliding_window');
      checks.multiple('hidden_size', c.hidden_size, 'num_attention_heads', c.num_attention_heads);
    },
    architectures: {
      [base]: (c: Values<typeof text2Keys>) => {
        const { block } = rotaryDecoder(c, {
          mask: qwenMasks(c),
          rotaries: oneForAll(axialRotary(c, 1e6, 'sections', [16, 24, 24])),
          attentionBias: true,
          outputBias: false,
          feedForward: () => gatedMlp(c.hidden_size, c.intermediate_size, c.hidden_act),
        });
        return { root: { ...block, role: 'model' }, inputs: tokenInput(c.max_position_embeddings) };
      },
    },
  });

const text3Keys = {
  ...decoderKeys({
    vocabulary: 151936,
    width: 4096,
    intermediate: 22016,
    layers: 32,
    heads: 32,
    positions: 128000,
  }),
  num_key_value_heads: nullableSize(32, { role: 'keyValueHeads' }),
  head_dim: size(128),
  rms_norm_eps: real(1e-6),
  attention_bias: flag(false),
} as const;

/** Qwen 3's. */
const text3 = family({
  modelType: 'qwen3_vl_text',
  keys: text3Keys,
  base: 'Qwen3VLTextModel',
  initializerRange: (c) => c.initializer_range,
  architectures: {
    Qwen3VLTextModel: (c) => {
      const { block } = rotaryDecoder(c, {
        rotaries: oneForAll(axialRotary(c, 5e5, 'interleaved', [24, 20, 20])),
        attentionBias: c.attention_bias,
        extras: (headDim) => ({ queryKeyNorm: headNorm(() => rmsNorm(headDim, c.rms_norm_eps)) }),
        feedForward: () => gatedMlp(c.hidden_size, c.intermediate_size, c.hidden_act),
      });
      return { root: { ...block, role: 'model' }, inputs: tokenInput(c.max_position_embeddings) };
    },
  },
});

interface Parts {
  readonly text: Reading;
  readonly tower: () => Tower;
  /** What `text_config` says of the tie. */
  readonly textTies: boolean;
}

interface Kind {
  readonly modelType: string;
  readonly prefix: string;
  readonly text: Family;
  readonly tower: (config: Config) => () => Tower;
  /** Older files have the keys of the language model beside `vision_config`, and the tie in `text_config`. */
  readonly flat: boolean;
}

/** The tower and the decoder, of whatever type the nested configs say they are. */
function qwenVl({ modelType, prefix, text, tower, flat }: Kind): Family {
  const read = (config: Config, families: Families): Parts => {
    const given = config.raw('text_config');
    const beside = flat && (given === undefined || given === null);
    const reading = text.read(beside ? config : config.nested('text_config'), families);
    return {
      text: reading,
      tower: tower(config.nested('vision_config')),
      textTies: flat && tiesItself(reading),
    };
  };
  return family({
    modelType,
    keys: { tie_word_embeddings: tie(false) },
    base: `${prefix}Model`,
    nested: read,
    initializerRange: () => 0.02,
    architectures: languageClasses<Parts & { readonly tie_word_embeddings: boolean }>(prefix, {
      body: (c) => placed({ name: 'visual', root: c.tower().root }, undefined, c.text.build().root),
      pixels: (c) => c.tower().pixels,
      tied: (c) => c.tie_word_embeddings || c.textTies,
    }),
  });
}

const qwen2VlText = text2('qwen2_vl_text', 'Qwen2VLTextModel');
const qwen25VlText = text2('qwen2_5_vl_text', 'Qwen2_5_VLTextModel');

export const qwenVls: readonly Family[] = [
  qwen2VlText,
  qwen25VlText,
  text3,
  qwenVl({
    modelType: 'qwen2_vl',
    prefix: 'Qwen2VL',
    text: qwen2VlText,
    tower: (config) => {
      const c = config.values(qwen2VisionKeys);
      return () => qwen2Tower(c);
    },
    flat: true,
  }),
  qwenVl({
    modelType: 'qwen2_5_vl',
    prefix: 'Qwen2_5_VL',
    text: qwen25VlText,
    tower: (config) => {
      const c = config.values(qwen25VisionKeys);
      return () => qwen25Tower(c);
    },
    flat: true,
  }),
  qwenVl({
    modelType: 'qwen3_vl',
    prefix: 'Qwen3VL',
    text: text3,
    tower: (config) => {
      const c = config.values(qwen3VisionKeys);
      return () => qwen3Tower(c);
    },
    flat: false,
  }),
];
