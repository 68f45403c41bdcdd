/** Mistral (Jiang et al. 2023) and Ministral: Llama's decoder behind a sliding window. */
import { nullableSize, optionalSize, real, size, type Values } from '../../config/keys';
import { decoderArchitectures, decoderKeys, gatedMlp, rotaryDecoder, type Decoder } from '../blocks/decoder';
import { causalMask, checkLayerTypes, patternKeys, slidingLayers } from '../blocks/pattern';
import { number, type Scheme } from '../blocks/rotary';
import { family } from '../family';

const mistralKeys = {
  ...decoderKeys({
    vocabulary: 32000,
    width: 4096,
    intermediate: 14336,
    layers: 32,
    heads: 32,
    positions: 131072,
  }),
  num_key_value_heads: size(8, { role: 'keyValueHeads' }),
  head_dim: optionalSize(),
  sliding_window: nullableSize(4096),
  rms_norm_eps: real(1e-6),
} as const;

const feedForward = (c: Values<typeof mistralKeys>) => () =>
  gatedMlp(c.hidden_size, c.intermediate_size, c.hidden_act);

const mistralBody = (c: Values<typeof mistralKeys>): Decoder =>
  rotaryDecoder(c, { mask: causalMask(c.sliding_window), feedForward: feedForward(c) });

const mistral = family({
  modelType: 'mistral',
  keys: mistralKeys,
  base: 'MistralModel',
  initializerRange: (c) => c.initializer_range,
  architectures: decoderArchitectures('Mistral', mistralBody, 'model'),
});

const ministralKeys = { ...mistralKeys, ...patternKeys } as const;

function ministralBody(c: Values<typeof ministralKeys>): Decoder {
  const sliding = slidingLayers(c, () => c.sliding_window !== null);
  return rotaryDecoder(c, {
    mask: (layer) => causalMask(sliding[layer] ? c.sliding_window : null),
    feedForward: feedForward(c),
  });
}

const ministral = family({
  modelType: 'ministral',
  keys: ministralKeys,
  base: 'MinistralModel',
  initializerRange: (c) => c.initializer_range,
  check: checkLayerTypes,
  architectures: decoderArchitectures('Ministral', ministralBody, 'model'),
});

const ministral3Keys = {
  ...mistralKeys,
  ...decoderKeys({
    vocabulary: 131072,
    width: 4096,
    intermediate: 14336,
    layers: 34,
    heads: 32,
    positions: 262144,
  }),
  head_dim: size(128),
  sliding_window: optionalSize(),
  rms_norm_eps: real(1e-5),
} as const;

/** The scheme of a config that has none. */
const YARN: Scheme = {
  rope_type: 'yarn',
  rope_theta: 1e6,
  factor: 16,
  original_max_position_embeddings: 16384,
  beta_fast: 32,
  beta_slow: 1,
  mscale_all_dim: 1,
  mscale: 1,
  llama_4_scaling_beta: 0.1,
};

function ministral3Body(c: Values<typeof ministral3Keys>): Decoder {
  const scheme: Scheme = c.rope_parameters ?? YARN;
  const beta = number(scheme, 'llama_4_scaling_beta') ?? 0;
  const span = number(scheme, 'original_max_position_embeddings') ?? c.max_position_embeddings;
  return rotaryDecoder(
    { ...c, rope_parameters: scheme },
    {
      mask: causalMask(c.sliding_window),
      extras: () => ({ queryGrowth: { beta, span } }),
      feedForward: () => gatedMlp(c.hidden_size, c.intermediate_size, c.hidden_act),
    },
  );
}

const ministral3 = family({
  modelType: 'ministral3',
  keys: ministral3Keys,
  base: 'Ministral3Model',
  initializerRange: (c) => c.initializer_range,
  architectures: decoderArchitectures('Ministral3', ministral3Body, 'model'),
});

export const mistrals = [mistral, ministral, ministral3] as const;
