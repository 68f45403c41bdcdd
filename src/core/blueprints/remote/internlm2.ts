/** InternLM2 (Cai et al. 2024): Llama with q, k, v in one matrix, a slice for each key/value head. */
import { activation, tie } from '../../config/common';
import { depth, flag, optionalSize, real, size, type Values } from '../../config/keys';
import { block } from '../../model/build';
import type { Block, Rotary } from '../../model/module';
import { fusedAttention } from '../blocks/attention';
import type { Decoder } from '../blocks/decoder';
import { linear, mlp, rmsNorm } from '../blocks/layers';
import { sequential } from '../blocks/residual';
import { rotary, rotaryKeys } from '../blocks/rotary';
import { family } from '../family';
import { rotatedDecoder } from '../gpt/body';
import { gptArchitectures, linearHead, SEQUENCE } from '../gpt/heads';

const keys = {
  vocab_size: size(103168),
  hidden_size: size(4096, { role: 'width' }),
  intermediate_size: size(11008),
  num_hidden_layers: depth(32),
  num_attention_heads: size(32),
  num_key_value_heads: optionalSize({ role: 'keyValueHeads' }),
  hidden_act: activation('silu'),
  max_position_embeddings: size(2048),
  rms_norm_eps: real(1e-6),
  initializer_range: real(0.02),
  tie_word_embeddings: tie(false),
  bias: flag(true),
  ...rotaryKeys,
} as const;

type Config = Values<typeof keys>;

function layer(c: Config, angles: Rotary): Block {
  const { hidden_size: width, num_attention_heads: heads, intermediate_size: inner, bias } = c;
  const keyValueHeads = c.num_key_value_heads ?? heads;
  const headDim = Math.floor(width / heads);
  const plain = (inputs: number, outputs: number) => linear(inputs, outputs, { bias: false });
  const parts = {
    attention: fusedAttention(
      {
        heads,
        keyValueHeads,
        headDim,
        mask: { type: 'causal' },
        position: { type: 'rotary', rotary: angles },
      },
      {
        qkv: linear(width, (heads + 2 * keyValueHeads) * headDim, { bias }),
        output: linear(heads * headDim, width, { bias }),
      },
      { qkv: 'wqkv', output: 'wo' },
      { slices: keyValueHeads, order: 'queryKeyValue' },
    ),
    feed_forward: mlp(
      c.hidden_act,
      { gate: plain(width, inner), up: plain(width, inner), down: plain(inner, width) },
      { gate: 'w1', up: 'w3', down: 'w2' },
    ),
    attention_norm: rmsNorm(width, c.rms_norm_eps),
    ffn_norm: rmsNorm(width, c.rms_norm_eps),
  };
  return block('layer', parts, (trace, x) =>
    sequential(trace, x, [parts.attention_norm, parts.attention], [parts.ffn_norm, parts.feed_forward]),
  );
}

function body(c: Config): Decoder {
  const angles = rotary(c, {
    dim: Math.floor(c.hidden_size / c.num_attention_heads),
    defaultTheta: 10000,
    positions: c.max_position_embeddings,
  });
  return rotatedDecoder(
    {
      vocabulary: c.vocab_size,
      width: c.hidden_size,
      layers: Array.from({ length: c.num_hidden_layers }, () => layer(c, angles)),
      norm: rmsNorm(c.hidden_size, c.rms_norm_eps),
      rotary: angles,
    },
    { tokens: 'tok_embeddings', layers: 'layers', norm: 'norm' },
  );
}

export const internlm2 = family({
  modelType: 'internlm2',
  keys,
  base: 'InternLM2Model',
  initializerRange: (c) => c.initializer_range,
  check: (c, checks) =>
    checks.multiple('hidden_size', c.hidden_size, 'num_attention_heads', c.num_attention_heads),
  architectures: gptArchitectures('InternLM2', {
    name: 'model',
    body,
    limit: (c) => c.max_position_embeddings,
    heads: [SEQUENCE, linearHead('ForRewardModel', 'v_head', () => 1, { bias: false })],
    languageHead: 'output',
  }),
});
