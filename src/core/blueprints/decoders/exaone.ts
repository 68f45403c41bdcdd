/** EXAONE 4 (LG 2025): norms after attention and feed-forward, of queries and keys; full layers have no positions. */
import { nullableSize, optionalSize, real, size, type Values } from '../../config/keys';
import { headNorm } from '../blocks/attention';
import { decoderArchitectures, decoderKeys, gatedMlp, rotaryDecoder, type Decoder } from '../blocks/decoder';
import { rmsNorm } from '../blocks/layers';
import { causalMask, checkLayerTypes, patternKeys, slidingLayers } from '../blocks/pattern';
import { family } from '../family';
import { AFTER } from './olmo';

const keys = {
  ...decoderKeys({
    vocabulary: 102400,
    width: 4096,
    intermediate: 16384,
    layers: 32,
    heads: 32,
    positions: 2048,
  }),
  num_key_value_heads: size(32, { role: 'keyValueHeads' }),
  head_dim: optionalSize(),
  rms_norm_eps: real(1e-5),
  sliding_window: nullableSize(4096),
  sliding_window_pattern: nullableSize(4),
  ...patternKeys,
} as const;

function body(c: Values<typeof keys>): Decoder {
  const { sliding_window: window, sliding_window_pattern: pattern } = c;
  const sliding = slidingLayers(
    c,
    (layer) => window !== null && pattern !== null && (layer + 1) % pattern !== 0,
  );
  return rotaryDecoder(c, {
    mask: (layer) => causalMask(sliding[layer] ? window : null),
    // Without windows all layers have positions.
    rotates: (layer) => window === null || sliding[layer]!,
    extras: (headDim) => ({ queryKeyNorm: headNorm(() => rmsNorm(headDim, c.rms_norm_eps)) }),
    layer: AFTER,
    feedForward: () => gatedMlp(c.hidden_size, c.intermediate_size, c.hidden_act),
  });
}

export const exaone4 = family({
  modelType: 'exaone4',
  keys,
  base: 'Exaone4Model',
  initializerRange: (c) => c.initializer_range,
  check: checkLayerTypes,
  architectures: decoderArchitectures('Exaone4', body, 'transformer'),
});
