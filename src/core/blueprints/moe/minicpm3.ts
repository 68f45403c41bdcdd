/** MiniCPM 3 (OpenBMB 2024): multi-head latent attention, with scaled embeddings, residuals and logits. */
import { flag, optionalReal, optionalSize, real, size, type Values } from '../../config/keys';
import { decoderArchitectures, decoderKeys, gatedMlp, rotaryDecoder, type Decoder } from '../blocks/decoder';
import { preNorm } from '../blocks/decoderLayer';
import { latentKeys, latentLayer } from '../blocks/latent';
import { family } from '../family';

const keys = {
  ...decoderKeys({
    vocabulary: 73448,
    width: 2560,
    intermediate: 6400,
    layers: 62,
    heads: 40,
    positions: 32768,
    initializerRange: 0.1,
    tied: true,
  }),
  ...latentKeys({ queryRank: 768, keyValueRank: 256, rotary: 32, plain: 64, value: 64 }),
  /** The width over the heads where it is missing. */
  v_head_dim: optionalSize(),
  num_key_value_heads: size(40, { role: 'keyValueHeads' }),
  rms_norm_eps: real(1e-5),
  mlp_bias: flag(false),
  scale_emb: real(12),
  scale_depth: optionalReal(),
  dim_model_base: optionalSize(),
} as const;

type Config = Values<typeof keys>;

function body(c: Config): Decoder {
  const own = {
    ...c,
    v_head_dim: c.v_head_dim ?? Math.floor(c.hidden_size / c.num_attention_heads),
    head_dim: c.qk_rope_head_dim,
  };
  return rotaryDecoder(own, {
    attention: ({ position }) => latentLayer(own, position?.type === 'rotary' ? position.rotary : undefined),
    layer: preNorm((c.scale_depth ?? 1.4) / Math.sqrt(c.num_hidden_layers)),
    scaleEmbedding: c.scale_emb,
    feedForward: () => gatedMlp(c.hidden_size, c.intermediate_size, c.hidden_act, c.mlp_bias),
  });
}

export const minicpm3 = family({
  modelType: 'minicpm3',
  keys,
  base: 'MiniCPM3Model',
  initializerRange: (c) => c.initializer_range,
  architectures: decoderArchitectures('MiniCPM3', body, undefined, {
    without: ['TokenClassification'],
    beforeHead: (c) => [{ op: 'scale', by: (c.dim_model_base ?? 256) / c.hidden_size }],
  }),
});
