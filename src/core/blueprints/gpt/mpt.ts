/** MPT (MosaicML 2023): ALiBi, no biases anywhere, not even in the norms. */
import { tie } from '../../config/common';
import { depth, flag, object, real, size, type Values } from '../../config/keys';
import { block } from '../../model/build';
import type { Block } from '../../model/module';
import { alibi } from '../blocks/alibi';
import { fusedAttention } from '../blocks/attention';
import type { Decoder } from '../blocks/decoder';
import { layerNorm, linear, mlp } from '../blocks/layers';
import { sequential } from '../blocks/residual';
import { family } from '../family';
import { rotatedDecoder } from './body';
import { gptArchitectures, QUESTION, SEQUENCE, TOKEN } from './heads';

const keys = {
  d_model: size(2048, { aliases: ['hidden_size'], role: 'width' }),
  n_heads: size(16, { aliases: ['num_attention_heads'] }),
  n_layers: depth(24, { aliases: ['num_hidden_layers'] }),
  max_seq_len: size(2048),
  vocab_size: size(50368),
  layer_norm_epsilon: real(1e-5),
  attn_config: object(),
  no_bias: flag(true),
  expansion_ratio: real(4),
  initializer_range: real(0.02),
  tie_word_embeddings: tie(true),
} as const;

type Config = Values<typeof keys>;

interface Shape {
  readonly bias: boolean;
  readonly expansion: number;
}

/** What transformers' class has whatever the config says. */
const TRANSFORMERS: Shape = { bias: false, expansion: 4 };

function layer(c: Config, { bias, expansion }: Shape): Block {
  const width = c.d_model;
  const { softmax_scale: scale, clip_qkv: clip } = c.attn_config ?? {};
  const norm = () => normOf(c, bias);
  const inner = Math.floor(expansion * width);
  const plain = (inputs: number, outputs: number) => linear(inputs, outputs, { bias });
  const parts = {
    norm_1: norm(),
    attn: fusedAttention(
      {
        heads: c.n_heads,
        headDim: Math.floor(width / c.n_heads),
        mask: { type: 'causal' },
        position: alibi(c.n_heads),
        scale: typeof scale === 'number' ? scale : (width / c.n_heads) ** -0.5,
        ...(typeof clip === 'number' && clip !== 0 ? { clip } : {}),
      },
      { qkv: plain(width, 3 * width), output: plain(width, width) },
      { qkv: 'Wqkv', output: 'out_proj' },
    ),
    norm_2: norm(),
    ffn: mlp(
      'gelu',
      { up: plain(width, inner), down: plain(inner, width) },
      { up: 'up_proj', down: 'down_proj' },
    ),
  };
  return block('layer', parts, (trace, x) =>
    sequential(trace, x, [parts.norm_1, parts.attn], [parts.norm_2, parts.ffn]),
  );
}

const normOf = (c: Config, bias: boolean) =>
  layerNorm(c.d_model, c.layer_norm_epsilon, bias ? 'weightAndBias' : 'weight');

const body = (c: Config, shape: Shape): Decoder =>
  rotatedDecoder(
    {
      vocabulary: c.vocab_size,
      width: c.d_model,
      layers: Array.from({ length: c.n_layers }, () => layer(c, shape)),
      norm: normOf(c, shape.bias),
    },
    { tokens: 'wte', layers: 'blocks', norm: 'norm_f' },
  );

export const mpt = family({
  modelType: 'mpt',
  keys,
  base: 'MptModel',
  initializerRange: (c) => c.initializer_range,
  architectures: {
    ...gptArchitectures('Mpt', {
      name: 'transformer',
      body: (c: Config) => body(c, TRANSFORMERS),
      limit: (c) => c.max_seq_len,
      heads: [SEQUENCE, TOKEN, QUESTION],
    }),
    // MosaicML's own class, which reads more of the config.
    ...gptArchitectures('MPT', {
      name: 'transformer',
      body: (c: Config) => body(c, { bias: !c.no_bias, expansion: c.expansion_ratio }),
      limit: (c) => c.max_seq_len,
      heads: [],
    }),
  },
});
