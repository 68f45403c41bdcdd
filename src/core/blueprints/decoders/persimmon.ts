/** Persimmon (Adept 2023): fused query, key and value by heads, norms of queries and keys, squared ReLU. */
import { flag, real, type Values } from '../../config/keys';
import { fusedAttention, headNorm, withExtras } from '../blocks/attention';
import { decoderArchitectures, decoderKeys, plainMlp, rotaryDecoder, type Decoder } from '../blocks/decoder';
import { layerNorm, linear } from '../blocks/layers';
import { family } from '../family';
import { checkHeads } from './llama';

const keys = {
  ...decoderKeys(
    { vocabulary: 262144, width: 4096, intermediate: 16384, layers: 36, heads: 64, positions: 16384 },
    'relu2',
  ),
  layer_norm_eps: real(1e-5),
  qk_layernorm: flag(true),
} as const;

function body(c: Values<typeof keys>): Decoder {
  const width = c.hidden_size;
  return rotaryDecoder(c, {
    partialRotary: 0.5,
    extras: (headDim) =>
      c.qk_layernorm ? { queryKeyNorm: headNorm(() => layerNorm(headDim, c.layer_norm_eps)) } : {},
    attention: (shape) =>
      withExtras(
        fusedAttention(
          shape,
          { qkv: linear(width, 3 * width), output: linear(width, width) },
          { qkv: 'query_key_value', output: 'dense' },
          { slices: shape.heads, order: 'queryKeyValue' },
        ),
        { queryNorm: 'q_layernorm', keyNorm: 'k_layernorm' },
      ),
    norm: () => layerNorm(width, c.layer_norm_eps),
    normName: 'final_layernorm',
    feedForward: () =>
      plainMlp(width, c.intermediate_size, c.hidden_act, true, {
        up: 'dense_h_to_4h',
        down: 'dense_4h_to_h',
        activation: 'act',
      }),
  });
}

export const persimmon = family({
  modelType: 'persimmon',
  keys,
  base: 'PersimmonModel',
  initializerRange: (c) => c.initializer_range,
  check: checkHeads,
  architectures: decoderArchitectures('Persimmon', body),
});
