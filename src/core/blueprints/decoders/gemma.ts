/**
 * Gemma (2024): norms that scale by 1 + weight, scaled embeddings. Gemma 2: norms on both sides, soft caps, a window in
 * every second layer. Gemma 3: norms of queries and keys, five windows to one full layer, angles of their own for each.
 * VaultGemma: Gemma 2 with norms on one side.
 */
import { anyActivation } from '../../config/common';
import { flag, nullableReal, nullableSize, real, size, type Values } from '../../config/keys';
import type { MaskPattern, Operation } from '../../model/module';
import { headNorm } from '../blocks/attention';
import {
  decoderArchitectures,
  decoderKeys,
  decoderSizes,
  gatedMlp,
  GENERATION_ONLY,
  residualLayer,
  rotaryDecoder,
  type Decoder,
} from '../blocks/decoder';
import { onePlus, rmsNorm } from '../blocks/layers';
import { causalMask, checkLayerTypes, patternKeys, slidingLayers } from '../blocks/pattern';
import { layeredRotary, layeredRotaryKeys, rotaryKeys } from '../blocks/rotary';
import { family } from '../family';

const gemmaKeys = {
  ...decoderKeys(
    {
      vocabulary: 256000,
      width: 3072,
      intermediate: 24576,
      layers: 28,
      heads: 16,
      positions: 8192,
      tied: true,
    },
    'gelu_pytorch_tanh',
  ),
  num_key_value_heads: size(16, { role: 'keyValueHeads' }),
  head_dim: size(256),
  rms_norm_eps: real(1e-6),
  attention_bias: flag(false),
  use_bidirectional_attention: flag(false),
} as const;

const gemmaNorm = (width: number, epsilon: number) => () => onePlus(rmsNorm(width, epsilon));

const gemmaBody = (c: Values<typeof gemmaKeys>): Decoder =>
  rotaryDecoder(c, {
    mask: { type: c.use_bidirectional_attention ? 'full' : 'causal' },
    attentionBias: c.attention_bias,
    norm: gemmaNorm(c.hidden_size, c.rms_norm_eps),
    scaleEmbedding: Math.sqrt(c.hidden_size),
    // What old files call gelu was always the approximation.
    feedForward: () =>
      gatedMlp(
        c.hidden_size,
        c.intermediate_size,
        c.hidden_act === 'gelu' ? 'gelu_pytorch_tanh' : c.hidden_act,
      ),
  });

const gemma = family({
  modelType: 'gemma',
  keys: gemmaKeys,
  base: 'GemmaModel',
  initializerRange: (c) => c.initializer_range,
  architectures: decoderArchitectures('Gemma', gemmaBody),
});

/** Keys of Gemma 2 and later, but for those of rotary positions. */
const laterKeys = {
  ...decoderSizes({
    vocabulary: 256000,
    width: 2304,
    intermediate: 9216,
    layers: 26,
    heads: 8,
    positions: 8192,
    tied: true,
  }),
  hidden_activation: anyActivation('gelu_pytorch_tanh'),
  num_key_value_heads: size(4, { role: 'keyValueHeads' }),
  head_dim: size(256),
  rms_norm_eps: real(1e-6),
  attention_bias: flag(false),
  query_pre_attn_scalar: size(256),
  sliding_window: nullableSize(4096),
  final_logit_softcapping: nullableReal(30),
  attn_logit_softcapping: nullableReal(50),
  ...patternKeys,
} as const;

/** What Gemma 2 and later have in common. */
const laterParts = (c: Values<typeof laterKeys>) => ({
  attentionBias: c.attention_bias,
  scale: c.query_pre_attn_scalar ** -0.5,
  norm: gemmaNorm(c.hidden_size, c.rms_norm_eps),
  scaleEmbedding: Math.sqrt(c.hidden_size),
  feedForward: () => gatedMlp(c.hidden_size, c.intermediate_size, c.hidden_activation),
});

const softCap = (c: Values<typeof laterKeys>) =>
  c.attn_logit_softcapping === null ? {} : { softCap: c.attn_logit_softcapping };

const everySecond = (layer: number): boolean => layer % 2 === 0;

/** Logits between ±cap, where the config gives one. */
export function cappedLogits(c: { readonly final_logit_softcapping: number | null }): Operation[] {
  const cap = c.final_logit_softcapping;
  return cap === null ? [] : [{ op: 'softCap', cap }];
}

/** Norms before and after attention and feed-forward. */
const SANDWICH = residualLayer({
  beforeAttention: 'input_layernorm',
  afterAttention: 'post_attention_layernorm',
  beforeFeedForward: 'pre_feedforward_layernorm',
  afterFeedForward: 'post_feedforward_layernorm',
});

const gemma2Keys = { ...laterKeys, ...rotaryKeys, use_bidirectional_attention: flag(false) } as const;

function gemma2Body(c: Values<typeof gemma2Keys>): Decoder {
  const sliding = slidingLayers(c, everySecond);
  return rotaryDecoder(c, {
    ...laterParts(c),
    mask: (layer) => windowMask(sliding[layer] ? c.sliding_window : null, c.use_bidirectional_attention),
    extras: () => softCap(c),
    layer: SANDWICH,
  });
}

/** A mask that looks to one side, or to both as embedding models do. */
function windowMask(window: number | null, bothSides: boolean): MaskPattern {
  if (!bothSides) return causalMask(window);
  return window === null ? { type: 'full' } : { type: 'localWindow', radius: window - 1 };
}

const gemma2 = family({
  modelType: 'gemma2',
  keys: gemma2Keys,
  base: 'Gemma2Model',
  initializerRange: (c) => c.initializer_range,
  check: checkLayerTypes,
  architectures: decoderArchitectures('Gemma2', gemma2Body, undefined, { logits: cappedLogits }),
});

const vaultGemmaKeys = { ...laterKeys, ...rotaryKeys } as const;

function vaultGemmaBody(c: Values<typeof vaultGemmaKeys>): Decoder {
  const sliding = slidingLayers(c, everySecond);
  return rotaryDecoder(c, {
    ...laterParts(c),
    mask: (layer) => causalMask(sliding[layer] ? c.sliding_window : null),
    extras: () => softCap(c),
    layer: residualLayer({
      beforeAttention: 'input_layernorm',
      beforeFeedForward: 'pre_feedforward_layernorm',
    }),
  });
}

const vaultGemma = family({
  modelType: 'vaultgemma',
  keys: vaultGemmaKeys,
  base: 'VaultGemmaModel',
  initializerRange: (c) => c.initializer_range,
  check: checkLayerTypes,
  architectures: decoderArchitectures('VaultGemma', vaultGemmaBody, undefined, {
    without: GENERATION_ONLY,
    logits: cappedLogits,
  }),
});

const gemma3Keys = {
  ...laterKeys,
  ...layeredRotaryKeys,
  vocab_size: size(262208),
  max_position_embeddings: size(131072),
  final_logit_softcapping: nullableReal(null),
  attn_logit_softcapping: nullableReal(null),
  use_bidirectional_attention: flag(false),
  sliding_window_pattern: size(6),
} as const;

function gemma3Body(c: Values<typeof gemma3Keys>): Decoder {
  const sliding = slidingLayers(c, (layer) => (layer + 1) % c.sliding_window_pattern !== 0);
  const angles = layeredRotary(c, {
    dim: c.head_dim,
    positions: c.max_position_embeddings,
    fullTheta: 1e6,
    slidingTheta: 10000,
  });
  const bothSides = c.use_bidirectional_attention;
  // Half of it to each side.
  const window =
    bothSides && c.sliding_window !== null ? Math.floor(c.sliding_window / 2) + 1 : c.sliding_window;
  return rotaryDecoder(c, {
    ...laterParts(c),
    mask: (layer) => windowMask(sliding[layer] ? window : null, bothSides),
    rotaries: usedRotaries(sliding, angles),
    // The class reads attn_logit_softcapping, and its attention does not use it.
    extras: (headDim) => ({ queryKeyNorm: headNorm(gemmaNorm(headDim, c.rms_norm_eps)) }),
    layer: SANDWICH,
  });
}

/** Of the two kinds of angles, those that some layer uses: the class computes no others. */
export function usedRotaries(
  sliding: readonly boolean[],
  angles: ReturnType<typeof layeredRotary>,
): NonNullable<Parameters<typeof rotaryDecoder>[1]['rotaries']> {
  return {
    all: {
      ...(sliding.includes(false) ? { 'rotary_emb.full_attention': angles.full } : {}),
      ...(sliding.includes(true) ? { 'rotary_emb.sliding_attention': angles.sliding } : {}),
    },
    of: (layer) => (sliding[layer] ? angles.sliding : angles.full),
  };
}

const gemma3 = family({
  modelType: 'gemma3_text',
  keys: gemma3Keys,
  base: 'Gemma3TextModel',
  initializerRange: (c) => c.initializer_range,
  check: checkLayerTypes,
  architectures: decoderArchitectures('Gemma3Text', gemma3Body, undefined, {
    without: ['TokenClassification'],
    languageModel: 'Gemma3ForCausalLM',
    logits: cappedLogits,
  }),
});

export const gemmas = [gemma, gemma2, gemma3, vaultGemma] as const;
