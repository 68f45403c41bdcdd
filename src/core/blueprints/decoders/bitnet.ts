/** BitNet b1.58 (Ma et al. 2025): Llama with a norm before each output projection; the ternary weights are not told by the class. */
import { flag, nullableSize, optionalSize, real, type Values } from '../../config/keys';
import {
  decoderArchitectures,
  decoderKeys,
  GENERATION_ONLY,
  rotaryDecoder,
  type Decoder,
} from '../blocks/decoder';
import { linear, mlp, rmsNorm } from '../blocks/layers';
import { family } from '../family';

const keys = {
  ...decoderKeys(
    { vocabulary: 128256, width: 2560, intermediate: 6912, layers: 30, heads: 20, positions: 2048 },
    'relu2',
  ),
  num_key_value_heads: nullableSize(5, { role: 'keyValueHeads' }),
  head_dim: optionalSize(),
  rms_norm_eps: real(1e-5),
  attention_bias: flag(false),
} as const;

function feedForward(c: Values<typeof keys>) {
  const { hidden_size: width, intermediate_size: inner } = c;
  return mlp(
    c.hidden_act,
    {
      gate: linear(width, inner, { bias: false }),
      up: linear(width, inner, { bias: false }),
      down: linear(inner, width, { bias: false }),
      norm: rmsNorm(inner, c.rms_norm_eps),
    },
    { gate: 'gate_proj', up: 'up_proj', down: 'down_proj', norm: 'ffn_sub_norm', activation: 'act_fn' },
  );
}

const body = (c: Values<typeof keys>): Decoder =>
  rotaryDecoder(c, {
    defaultTheta: 500000,
    attentionBias: c.attention_bias,
    extras: () => ({ outputNorm: rmsNorm(c.hidden_size, c.rms_norm_eps) }),
    extraNames: { outputNorm: 'attn_sub_norm' },
    feedForward: () => feedForward(c),
  });

export const bitNet = family({
  modelType: 'bitnet',
  keys,
  base: 'BitNetModel',
  initializerRange: (c) => c.initializer_range,
  architectures: decoderArchitectures('BitNet', body, undefined, { without: GENERATION_ONLY }),
});
