/** Baichuan (Yang et al. 2023): Llama with one matrix for q, k, v; rotary positions in the 7B, ALiBi in the 13B. */
import { activation, tie } from '../../config/common';
import { depth, real, size, type Values } from '../../config/keys';
import type { PositionScheme } from '../../model/module';
import { alibi } from '../blocks/alibi';
import { fusedAttention } from '../blocks/attention';
import { decoder, gatedMlp, preNormLayer, type Decoder } from '../blocks/decoder';
import { linear, rmsNorm } from '../blocks/layers';
import { rotary } from '../blocks/rotary';
import { family } from '../family';
import { rotatedDecoder } from '../gpt/body';
import { gptArchitectures } from '../gpt/heads';

const keys = {
  vocab_size: size(64000),
  hidden_size: size(4096, { role: 'width' }),
  intermediate_size: size(11008),
  num_hidden_layers: depth(32),
  num_attention_heads: size(32),
  hidden_act: activation('silu'),
  max_position_embeddings: size(4096, { aliases: ['model_max_length'] }),
  rms_norm_eps: real(1e-6),
  initializer_range: real(0.02),
  tie_word_embeddings: tie(false),
} as const;

type Config = Values<typeof keys>;

/** Both sizes have one class name; the width of the 7B tells which code came with it. */
const ROTARY_WIDTH = 4096;

function layer(c: Config, position: PositionScheme) {
  const width = c.hidden_size;
  const norm = () => rmsNorm(width, c.rms_norm_eps);
  return preNormLayer({
    self_attn: fusedAttention(
      {
        heads: c.num_attention_heads,
        headDim: Math.floor(width / c.num_attention_heads),
        mask: { type: 'causal' },
        position,
      },
      { qkv: linear(width, 3 * width, { bias: false }), output: linear(width, width, { bias: false }) },
      { qkv: 'W_pack', output: 'o_proj' },
    ),
    mlp: gatedMlp(width, c.intermediate_size, c.hidden_act),
    input_layernorm: norm(),
    post_attention_layernorm: norm(),
  });
}

function body(c: Config, rotates: boolean): Decoder {
  const layersOf = (position: PositionScheme) =>
    Array.from({ length: c.num_hidden_layers }, () => layer(c, position));
  const common = {
    vocabulary: c.vocab_size,
    width: c.hidden_size,
    norm: rmsNorm(c.hidden_size, c.rms_norm_eps),
  };
  if (!rotates) {
    const layers = layersOf(alibi(c.num_attention_heads));
    return rotatedDecoder({ ...common, layers }, { tokens: 'embed_tokens', layers: 'layers', norm: 'norm' });
  }
  const angles = rotary(
    { rope_parameters: undefined, rope_theta: undefined, partial_rotary_factor: undefined },
    {
      dim: Math.floor(c.hidden_size / c.num_attention_heads),
      defaultTheta: 10000,
      positions: c.max_position_embeddings,
    },
  );
  return decoder({ ...common, layers: layersOf({ type: 'rotary', rotary: angles }), rotary: angles });
}

const classes = (prefix: string, rotates: (c: Config) => boolean) =>
  gptArchitectures<Config>(prefix, {
    name: 'model',
    body: (c) => body(c, rotates(c)),
    limit: (c) => (rotates(c) ? c.max_position_embeddings : undefined),
    heads: [],
  });

export const baichuan = family({
  modelType: 'baichuan',
  keys,
  base: 'BaichuanModel',
  initializerRange: (c) => c.initializer_range,
  check: (c, checks) =>
    checks.multiple('hidden_size', c.hidden_size, 'num_attention_heads', c.num_attention_heads),
  architectures: {
    ...classes('Baichuan', (c) => c.hidden_size === ROTARY_WIDTH),
    // The first 7B's own spelling.
    ...classes('BaiChuan', () => true),
  },
});
