/** DiffLlama (Ye et al. 2024): Llama whose heads come in pairs, the second's attention taken away from the first's. */
import { flag, optionalSize, real, type Values } from '../../config/keys';
import { parameter } from '../../model/build';
import type { Differential, Parameter } from '../../model/module';
import {
  decoderArchitectures,
  decoderKeys,
  gatedMlp,
  keyValueHeads,
  rotaryDecoder,
  type Decoder,
} from '../blocks/decoder';
import { rmsNorm } from '../blocks/layers';
import { family, type Checks } from '../family';

const keys = {
  ...decoderKeys({
    vocabulary: 32000,
    width: 2048,
    intermediate: 8192,
    layers: 16,
    heads: 32,
    positions: 2048,
  }),
  ...keyValueHeads,
  head_dim: optionalSize(),
  rms_norm_eps: real(1e-5),
  attention_bias: flag(false),
  lambda_std_dev: real(0.1),
} as const;

function differential(c: Values<typeof keys>, headDim: number, layer: number): Differential {
  const lambda = (): Parameter => ({ ...parameter(headDim), deviation: c.lambda_std_dev });
  return {
    lambdas: { q1: lambda(), k1: lambda(), q2: lambda(), k2: lambda() },
    initial: 0.8 - 0.6 * Math.exp(-0.3 * layer),
    norm: rmsNorm(2 * headDim, c.rms_norm_eps, 'nothing'),
  };
}

const body = (c: Values<typeof keys>): Decoder =>
  rotaryDecoder(c, {
    attentionBias: c.attention_bias,
    extras: (headDim, layer) => ({ differential: differential(c, headDim, layer) }),
    feedForward: () => gatedMlp(c.hidden_size, c.intermediate_size, c.hidden_act),
  });

/** The values are split in two along their heads. */
function check(c: Values<typeof keys>, checks: Checks): void {
  const found = c.num_key_value_heads ?? c.num_attention_heads;
  checks.multiple(
    c.num_key_value_heads === undefined ? 'num_attention_heads' : 'num_key_value_heads',
    found,
    '2',
    2,
  );
}

export const diffLlama = family({
  modelType: 'diffllama',
  keys,
  base: 'DiffLlamaModel',
  initializerRange: (c) => c.initializer_range,
  check,
  architectures: decoderArchitectures('DiffLlama', body, 'transformer'),
});
