/** nanochat (Karpathy 2025): norms without parameters, of queries and keys after their rotation, squared ReLU. */
import { flag, nullableReal, optionalSize, real, type Values } from '../../config/keys';
import { headNorm } from '../blocks/attention';
import {
  decoderArchitectures,
  decoderKeys,
  GENERATION_ONLY,
  keyValueHeads,
  plainMlp,
  rotaryDecoder,
  type Decoder,
} from '../blocks/decoder';
import { rmsNorm } from '../blocks/layers';
import { family } from '../family';
import { cappedLogits } from './gemma';

const keys = {
  ...decoderKeys(
    { vocabulary: 50304, width: 768, intermediate: 8192, layers: 12, heads: 6, positions: 2048 },
    'relu2',
  ),
  ...keyValueHeads,
  head_dim: optionalSize(),
  rms_norm_eps: real(1e-6),
  final_logit_softcapping: nullableReal(15),
  attention_bias: flag(false),
} as const;

function body(c: Values<typeof keys>): Decoder {
  const norm = (width: number) => rmsNorm(width, c.rms_norm_eps, 'nothing');
  return rotaryDecoder(c, {
    attentionBias: c.attention_bias,
    reversed: true,
    norm: () => norm(c.hidden_size),
    normsEmbedding: true,
    extras: (headDim) => ({ queryKeyNorm: headNorm(() => norm(headDim), true) }),
    feedForward: () =>
      plainMlp(c.hidden_size, c.intermediate_size, c.hidden_act, false, {
        up: 'fc1',
        down: 'fc2',
        activation: 'activation_fn',
      }),
  });
}

export const nanochat = family({
  modelType: 'nanochat',
  keys,
  base: 'NanoChatModel',
  initializerRange: (c) => c.initializer_range,
  architectures: decoderArchitectures('NanoChat', body, undefined, {
    without: GENERATION_ONLY,
    logits: cappedLogits,
  }),
});
