/** StableLM (Stability AI 2023): a quarter of each head is rotated; LayerNorm; optionally a norm for each head. */
import { flag, real, size, type Values } from '../../config/keys';
import {
  decoderArchitectures,
  decoderKeys,
  gatedMlp,
  parallelLayer,
  preNorm,
  rotaryDecoder,
  type Decoder,
} from '../blocks/decoder';
import { layerNorm } from '../blocks/layers';
import { family } from '../family';
import { checkHeads } from './llama';

const keys = {
  ...decoderKeys({
    vocabulary: 50304,
    width: 2560,
    intermediate: 6912,
    layers: 32,
    heads: 32,
    positions: 4096,
  }),
  num_key_value_heads: size(32, { role: 'keyValueHeads' }),
  layer_norm_eps: real(1e-5),
  use_qkv_bias: flag(false),
  qk_layernorm: flag(false),
  use_parallel_residual: flag(false),
} as const;

function body(c: Values<typeof keys>): Decoder {
  const headNorms = (headDim: number, heads: number) =>
    Array.from({ length: heads }, () => layerNorm(headDim, c.layer_norm_eps, 'weight'));
  return rotaryDecoder(c, {
    partialRotary: 0.25,
    attentionBias: c.use_qkv_bias,
    outputBias: false,
    extras: (headDim) =>
      c.qk_layernorm
        ? {
            queryKeyNorm: {
              query: headNorms(headDim, c.num_attention_heads),
              key: headNorms(headDim, c.num_key_value_heads),
              over: 'head',
              rotated: false,
            },
          }
        : {},
    extraNames: { queryNorm: 'q_layernorm', keyNorm: 'k_layernorm', normLists: true },
    norm: () => layerNorm(c.hidden_size, c.layer_norm_eps),
    layer: c.use_parallel_residual ? parallelLayer : preNorm(),
    feedForward: () => gatedMlp(c.hidden_size, c.intermediate_size, c.hidden_act),
  });
}

export const stableLm = family({
  modelType: 'stablelm',
  keys,
  base: 'StableLmModel',
  initializerRange: (c) => c.initializer_range,
  check: checkHeads,
  architectures: decoderArchitectures('StableLm', body),
});
