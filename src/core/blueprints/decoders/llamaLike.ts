/** Llama with other sizes, biases or angles: Helium (Kyutai), Seed-OSS (ByteDance), ERNIE 4.5 (Baidu), Hunyuan (Tencent). */
import { flag, nullableSize, optionalSize, real, size, type Values } from '../../config/keys';
import { headNorm, separateAttention } from '../blocks/attention';
import {
  decoderArchitectures,
  decoderKeys,
  gatedMlp,
  GENERATION_ONLY,
  headDimension,
  keyValueHeads,
  rotaryDecoder,
} from '../blocks/decoder';
import { linear, rmsNorm } from '../blocks/layers';
import { number, type Scheme } from '../blocks/rotary';
import { family } from '../family';

const heliumKeys = {
  ...decoderKeys({
    vocabulary: 48000,
    width: 2560,
    intermediate: 7040,
    layers: 24,
    heads: 20,
    positions: 4096,
  }),
  num_key_value_heads: size(20, { role: 'keyValueHeads' }),
  head_dim: size(128),
  rms_norm_eps: real(1e-8),
  attention_bias: flag(false),
  mlp_bias: flag(false),
} as const;

const helium = family({
  modelType: 'helium',
  keys: heliumKeys,
  base: 'HeliumModel',
  initializerRange: (c) => c.initializer_range,
  architectures: decoderArchitectures('Helium', (c: Values<typeof heliumKeys>) => {
    const { hidden_size: width, attention_bias: bias } = c;
    return rotaryDecoder(c, {
      defaultTheta: 100000,
      pairs: 'interleaved',
      attention: (shape) =>
        separateAttention(
          shape,
          {
            query: linear(width, shape.heads * shape.headDim, { bias }),
            key: linear(width, shape.keyValueHeads * shape.headDim, { bias }),
            value: linear(width, shape.keyValueHeads * shape.headDim, { bias }),
            // Square whatever the heads give, and without a bias.
            output: linear(width, width, { bias: false }),
          },
          { query: 'q_proj', key: 'k_proj', value: 'v_proj', output: 'o_proj' },
        ),
      feedForward: () => gatedMlp(width, c.intermediate_size, c.hidden_act, c.mlp_bias),
    });
  }),
});

const seedKeys = {
  ...decoderKeys({
    vocabulary: 155136,
    width: 4096,
    intermediate: 27648,
    layers: 64,
    heads: 80,
    positions: 524288,
  }),
  num_key_value_heads: nullableSize(8, { role: 'keyValueHeads' }),
  head_dim: nullableSize(128),
  rms_norm_eps: real(1e-6),
  attention_bias: flag(true),
  attention_out_bias: flag(false),
  mlp_bias: flag(false),
} as const;

const seedOss = family({
  modelType: 'seed_oss',
  keys: seedKeys,
  base: 'SeedOssModel',
  initializerRange: (c) => c.initializer_range,
  architectures: decoderArchitectures(
    'SeedOss',
    (c: Values<typeof seedKeys>) =>
      rotaryDecoder(c, {
        attentionBias: c.attention_bias,
        outputBias: c.attention_out_bias,
        feedForward: () => gatedMlp(c.hidden_size, c.intermediate_size, c.hidden_act, c.mlp_bias),
      }),
    'transformer',
  ),
});

const ernieKeys = {
  ...decoderKeys({
    vocabulary: 103424,
    width: 1024,
    intermediate: 3072,
    layers: 18,
    heads: 16,
    positions: 131072,
    tied: true,
  }),
  num_key_value_heads: nullableSize(2, { role: 'keyValueHeads' }),
  head_dim: nullableSize(128),
  rms_norm_eps: real(1e-5),
  use_bias: flag(false),
} as const;

const ernie45 = family({
  modelType: 'ernie4_5',
  keys: ernieKeys,
  base: 'Ernie4_5Model',
  initializerRange: (c) => c.initializer_range,
  architectures: decoderArchitectures(
    'Ernie4_5',
    (c: Values<typeof ernieKeys>) =>
      rotaryDecoder(c, {
        defaultTheta: 500000,
        pairs: 'interleaved',
        attentionBias: c.use_bias,
        feedForward: () => gatedMlp(c.hidden_size, c.intermediate_size, c.hidden_act, c.use_bias),
      }),
    undefined,
    { without: GENERATION_ONLY },
  ),
});

const hunyuanKeys = {
  ...decoderKeys({
    vocabulary: 290943,
    width: 4096,
    intermediate: 11008,
    layers: 32,
    heads: 32,
    positions: 2048,
  }),
  ...keyValueHeads,
  head_dim: optionalSize(),
  rms_norm_eps: real(1e-5),
  attention_bias: flag(false),
} as const;

/** Hunyuan's dynamic scheme with an alpha is the default one with a larger base. */
function hunyuanScheme(c: Values<typeof hunyuanKeys>): Scheme {
  const scheme: Scheme = c.rope_parameters ?? {};
  const alpha = number(scheme, 'alpha');
  const type = scheme['rope_type'] ?? scheme['type'];
  if (type !== 'dynamic' || !alpha) return scheme;
  const dim = headDimension(c);
  const theta = number(scheme, 'rope_theta') ?? c.rope_theta ?? 10000;
  return { rope_type: 'default', rope_theta: theta * alpha ** (dim / (dim - 2)) };
}

const hunyuan = family({
  modelType: 'hunyuan_v1_dense',
  keys: hunyuanKeys,
  base: 'HunYuanDenseV1Model',
  initializerRange: (c) => c.initializer_range,
  architectures: decoderArchitectures(
    'HunYuanDenseV1',
    (c: Values<typeof hunyuanKeys>) =>
      rotaryDecoder(
        { ...c, rope_parameters: hunyuanScheme(c) },
        {
          attentionBias: c.attention_bias,
          extras: (headDim) => ({
            queryKeyNorm: headNorm(() => rmsNorm(headDim, c.rms_norm_eps), true),
          }),
          extraNames: { queryNorm: 'query_layernorm', keyNorm: 'key_layernorm' },
          feedForward: () => gatedMlp(c.hidden_size, c.intermediate_size, c.hidden_act),
        },
      ),
    undefined,
    { without: ['TokenClassification'] },
  ),
});

export const llamaLikes = [helium, seedOss, ernie45, hunyuan] as const;
