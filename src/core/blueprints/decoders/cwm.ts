/** Code World Model (Meta 2025): Llama with windows in three layers of four. */
import { flag, list, nullableSize, object, optionalSize, real, size, type Values } from '../../config/keys';
import {
  decoderArchitectures,
  decoderKeys,
  gatedMlp,
  GENERATION_ONLY,
  rotaryDecoder,
  type Decoder,
} from '../blocks/decoder';
import { causalMask, checkLayerTypes, slidingLayers } from '../blocks/pattern';
import type { Scheme } from '../blocks/rotary';
import { family } from '../family';

const keys = {
  ...decoderKeys({
    vocabulary: 128256,
    width: 6144,
    intermediate: 21504,
    layers: 64,
    heads: 48,
    positions: 131072,
  }),
  num_key_value_heads: size(8, { role: 'keyValueHeads' }),
  head_dim: optionalSize(),
  rms_norm_eps: real(1e-5),
  mlp_bias: flag(false),
  sliding_window: nullableSize(8192, { min: 0 }),
  layer_types: list(),
  rope_parameters: object({ aliases: ['rope_scaling'] }),
} as const;

/** The scheme of a config that has none. */
const SCHEME: Scheme = {
  rope_type: 'llama3',
  rope_theta: 1e6,
  factor: 16,
  high_freq_factor: 4,
  low_freq_factor: 1,
  original_max_position_embeddings: 8192,
};

function body(c: Values<typeof keys>): Decoder {
  const sliding = slidingLayers(c, (layer) => layer % 4 !== 0);
  const own = { ...c, head_dim: c.head_dim ?? 128, rope_parameters: c.rope_parameters ?? SCHEME };
  return rotaryDecoder(own, {
    defaultTheta: 1e6,
    mask: (layer) => causalMask(sliding[layer] ? c.sliding_window : null),
    feedForward: () => gatedMlp(c.hidden_size, c.intermediate_size, c.hidden_act, c.mlp_bias),
  });
}

export const cwm = family({
  modelType: 'cwm',
  keys,
  base: 'CwmModel',
  initializerRange: (c) => c.initializer_range,
  check: checkLayerTypes,
  architectures: decoderArchitectures('Cwm', body, undefined, { without: GENERATION_ONLY }),
});
