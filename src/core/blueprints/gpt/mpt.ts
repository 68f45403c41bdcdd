/** MPT (MosaicML 2023): ALiBi, no biases anywhere, not even in the norms. */
import { tie } from '../../config/common';
import { depth, object, real, size, type Values } from '../../config/keys';
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
  initializer_range: real(0.02),
  tie_word_embeddings: tie(true),
} as const;

type Config = Values<typeof keys>;

function layer(c: Config): Block {
  const width = c.d_model;
  const { softmax_scale: scale, clip_qkv: clip } = c.attn_config ?? {};
  const norm = () => layerNorm(width, c.layer_norm_epsilon, 'weight');
  const plain = (inputs: number, outputs: number) => linear(inputs, outputs, { bias: false });
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
      { up: plain(width, 4 * width), down: plain(4 * width, width) },
      { up: 'up_proj', down: 'down_proj' },
    ),
  };
  return block('layer', parts, (trace, x) =>
    sequential(trace, x, [parts.norm_1, parts.attn], [parts.norm_2, parts.ffn]),
  );
}

const body = (c: Config): Decoder =>
  rotatedDecoder(
    {
      vocabulary: c.vocab_size,
      width: c.d_model,
      layers: Array.from({ length: c.n_layers }, () => layer(c)),
      norm: layerNorm(c.d_model, c.layer_norm_epsilon, 'weight'),
    },
    { tokens: 'wte', layers: 'blocks', norm: 'norm_f' },
  );

export const mpt = family({
  modelType: 'mpt',
  keys,
  base: 'MptModel',
  initializerRange: (c) => c.initializer_range,
  architectures: gptArchitectures('Mpt', {
    name: 'transformer',
    body,
    limit: (c) => c.max_seq_len,
    heads: [SEQUENCE, TOKEN, QUESTION],
  }),
});
