/** SmolLM3 (Hugging Face 2025): Llama without positions in every fourth layer. */
import { flag, list, nullableSize, optionalSize, real, size, type Values } from '../../config/keys';
import { decoderArchitectures, decoderKeys, gatedMlp, rotaryDecoder, type Decoder } from '../blocks/decoder';
import { causalMask, checkLayerTypes, patternKeys, slidingLayers } from '../blocks/pattern';
import { family, type Checks } from '../family';

const keys = {
  ...decoderKeys({
    vocabulary: 128256,
    width: 2048,
    intermediate: 11008,
    layers: 36,
    heads: 16,
    positions: 32768,
    tied: true,
  }),
  num_key_value_heads: nullableSize(4, { role: 'keyValueHeads' }),
  head_dim: optionalSize(),
  rms_norm_eps: real(1e-6),
  attention_bias: flag(false),
  mlp_bias: flag(false),
  use_sliding_window: flag(false),
  sliding_window: optionalSize(),
  /** 1 for a layer with positions, 0 for one without. */
  no_rope_layers: list(),
  no_rope_layer_interval: size(4),
  ...patternKeys,
} as const;

function body(c: Values<typeof keys>): Decoder {
  const rotates = (layer: number): boolean =>
    c.no_rope_layers === undefined
      ? (layer + 1) % c.no_rope_layer_interval !== 0
      : Boolean(c.no_rope_layers[layer]);
  const windows = c.use_sliding_window && c.sliding_window !== undefined;
  const sliding = slidingLayers(c, (layer) => windows && !rotates(layer));
  return rotaryDecoder(c, {
    mask: (layer) => causalMask(sliding[layer] ? c.sliding_window : null),
    defaultTheta: 2e6,
    rotates,
    attentionBias: c.attention_bias,
    feedForward: () => gatedMlp(c.hidden_size, c.intermediate_size, c.hidden_act, c.mlp_bias),
  });
}

/** The list of layers with positions may be longer than the layers. */
function check(c: Values<typeof keys>, checks: Checks): void {
  checkLayerTypes(c, checks);
  const { no_rope_layers: given, num_hidden_layers: layers } = c;
  if (given !== undefined && given.length < layers) {
    checks.length('no_rope_layers', given.length, 'num_hidden_layers', layers);
  }
}

export const smolLm3 = family({
  modelType: 'smollm3',
  keys,
  base: 'SmolLM3Model',
  initializerRange: (c) => c.initializer_range,
  check,
  architectures: decoderArchitectures('SmolLM3', body, 'transformer'),
});
