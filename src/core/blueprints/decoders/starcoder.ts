/** StarCoder 2 (Lozhkov et al. 2024): Mistral with LayerNorm, biases and a feed-forward without gate. */
import { flag, optionalSize, real, size, type Values } from '../../config/keys';
import { decoderArchitectures, decoderKeys, plainMlp, rotaryDecoder, type Decoder } from '../blocks/decoder';
import { layerNorm } from '../blocks/layers';
import { causalMask } from '../blocks/pattern';
import { family } from '../family';

const keys = {
  ...decoderKeys(
    {
      vocabulary: 49152,
      width: 3072,
      intermediate: 12288,
      layers: 30,
      heads: 24,
      positions: 4096,
      initializerRange: 0.018042,
      tied: true,
    },
    'gelu_pytorch_tanh',
  ),
  num_key_value_heads: size(2, { role: 'keyValueHeads' }),
  head_dim: optionalSize(),
  norm_epsilon: real(1e-5),
  sliding_window: optionalSize(),
  use_bias: flag(true),
} as const;

const body = (c: Values<typeof keys>): Decoder =>
  rotaryDecoder(c, {
    mask: causalMask(c.sliding_window),
    attentionBias: c.use_bias,
    norm: () => layerNorm(c.hidden_size, c.norm_epsilon),
    feedForward: () =>
      plainMlp(c.hidden_size, c.intermediate_size, c.hidden_act, c.use_bias, {
        up: 'c_fc',
        down: 'c_proj',
        activation: 'act',
      }),
  });

export const starcoder2 = family({
  modelType: 'starcoder2',
  keys,
  base: 'Starcoder2Model',
  initializerRange: (c) => c.initializer_range,
  architectures: decoderArchitectures('Starcoder2', body),
});
