/** Phi (Gunasekar et al. 2023): attention and feed-forward side by side. Phi-3: Llama with fused matrices. */
import { flag, optionalSize, real, size, type Values } from '../../config/keys';
import { fusedAttention, headNorm } from '../blocks/attention';
import {
  decoderArchitectures,
  decoderKeys,
  fusedGateMlp,
  keyValueHeads,
  parallelLayer,
  plainMlp,
  rotaryDecoder,
  type Decoder,
} from '../blocks/decoder';
import { layerNorm, linear } from '../blocks/layers';
import { causalMask } from '../blocks/pattern';
import type { Scheme } from '../blocks/rotary';
import { family } from '../family';

const phiKeys = {
  ...decoderKeys(
    { vocabulary: 51200, width: 2048, intermediate: 8192, layers: 24, heads: 32, positions: 2048 },
    'gelu_new',
  ),
  ...keyValueHeads,
  head_dim: optionalSize(),
  layer_norm_eps: real(1e-5),
  qk_layernorm: flag(false),
} as const;

function phiBody(c: Values<typeof phiKeys>): Decoder {
  const norm = (width: number) => layerNorm(width, c.layer_norm_eps);
  return rotaryDecoder(c, {
    partialRotary: 0.5,
    attentionBias: true,
    extras: () =>
      c.qk_layernorm
        ? { queryKeyNorm: headNorm(() => norm(Math.floor(c.hidden_size / c.num_attention_heads))) }
        : {},
    extraNames: { output: 'dense', queryNorm: 'q_layernorm', keyNorm: 'k_layernorm' },
    norm: () => norm(c.hidden_size),
    normName: 'final_layernorm',
    layer: parallelLayer,
    feedForward: () =>
      plainMlp(c.hidden_size, c.intermediate_size, c.hidden_act, true, {
        up: 'fc1',
        down: 'fc2',
        activation: 'activation_fn',
      }),
  });
}

const phi = family({
  modelType: 'phi',
  keys: phiKeys,
  base: 'PhiModel',
  initializerRange: (c) => c.initializer_range,
  architectures: decoderArchitectures('Phi', phiBody, undefined, { bias: true }),
});

const phi3Keys = {
  ...decoderKeys({
    vocabulary: 32064,
    width: 3072,
    intermediate: 8192,
    layers: 32,
    heads: 32,
    positions: 4096,
  }),
  ...keyValueHeads,
  head_dim: optionalSize(),
  original_max_position_embeddings: size(4096),
  rms_norm_eps: real(1e-5),
  sliding_window: optionalSize(),
} as const;

/** What earlier versions called su or yarn is longrope; the original positions stand outside of the scheme. */
function phi3Scheme(c: Values<typeof phi3Keys>): Scheme {
  const given: Scheme = c.rope_parameters ?? {};
  const type = given['rope_type'] ?? given['type'] ?? 'default';
  return {
    ...given,
    rope_type: type === 'su' || type === 'yarn' ? 'longrope' : type,
    original_max_position_embeddings: c.original_max_position_embeddings,
  };
}

const phi3Body = (c: Values<typeof phi3Keys>): Decoder =>
  rotaryDecoder(
    { ...c, rope_parameters: phi3Scheme(c) },
    {
      partialRotary: 1,
      mask: causalMask(c.sliding_window),
      attention: (shape) => {
        const { heads, keyValueHeads, headDim } = shape;
        return fusedAttention(
          shape,
          {
            qkv: linear(c.hidden_size, (heads + 2 * keyValueHeads) * headDim, { bias: false }),
            output: linear(heads * headDim, c.hidden_size, { bias: false }),
          },
          { qkv: 'qkv_proj', output: 'o_proj' },
        );
      },
      feedForward: () => fusedGateMlp(c.hidden_size, c.intermediate_size, c.hidden_act),
    },
  );

const phi3 = family({
  modelType: 'phi3',
  keys: phi3Keys,
  base: 'Phi3Model',
  initializerRange: (c) => c.initializer_range,
  architectures: decoderArchitectures('Phi3', phi3Body),
});

export const phis = [phi, phi3] as const;
