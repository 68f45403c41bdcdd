/** GPT-NeoX (Black et al. 2022; Pythia): rotary positions on a part of each head, attention and feed-forward in parallel. */
import { activation, tie } from '../../config/common';
import { depth, flag, optionalReal, real, size, text, type Values } from '../../config/keys';
import { block } from '../../model/build';
import type { Block, Rotary } from '../../model/module';
import { fusedAttention } from '../blocks/attention';
import type { Decoder } from '../blocks/decoder';
import { layerNorm, linear, mlp } from '../blocks/layers';
import { parallel, sequential } from '../blocks/residual';
import { rotary, rotaryKeys } from '../blocks/rotary';
import { family, type Checks } from '../family';
import { rotatedDecoder } from './body';
import { gptArchitectures, QUESTION, SEQUENCE, TOKEN } from './heads';

const keys = {
  vocab_size: size(50432),
  hidden_size: size(6144, { role: 'width' }),
  num_hidden_layers: depth(44),
  num_attention_heads: size(64),
  intermediate_size: size(24576),
  hidden_act: activation('gelu'),
  max_position_embeddings: size(2048),
  initializer_range: real(0.02),
  layer_norm_eps: real(1e-5),
  tie_word_embeddings: tie(false),
  use_parallel_residual: flag(true),
  rope_parameters: rotaryKeys.rope_parameters,
  rotary_emb_base: optionalReal(),
  rotary_pct: optionalReal(),
  attention_bias: flag(true),
} as const;

type Config = Values<typeof keys>;

function layer(c: Config, angles: Rotary): Block {
  const width = c.hidden_size;
  const headDim = width / c.num_attention_heads;
  const norm = () => layerNorm(width, c.layer_norm_eps);
  const parts = {
    input_layernorm: norm(),
    post_attention_layernorm: norm(),
    attention: fusedAttention(
      {
        heads: c.num_attention_heads,
        headDim,
        mask: { type: 'causal' },
        position: { type: 'rotary', rotary: angles },
      },
      {
        qkv: linear(width, 3 * width, { bias: c.attention_bias }),
        output: linear(width, width, { bias: c.attention_bias }),
      },
      { qkv: 'query_key_value', output: 'dense' },
      { slices: c.num_attention_heads, order: 'queryKeyValue' },
    ),
    mlp: mlp(
      c.hidden_act,
      { up: linear(width, c.intermediate_size), down: linear(c.intermediate_size, width) },
      { up: 'dense_h_to_4h', down: 'dense_4h_to_h' },
    ),
  };
  const residual = c.use_parallel_residual ? parallel : sequential;
  return block('layer', parts, (trace, x) =>
    residual(trace, x, [parts.input_layernorm, parts.attention], [parts.post_attention_layernorm, parts.mlp]),
  );
}

function body(c: Config): Decoder {
  const angles = rotary(
    {
      rope_parameters: c.rope_parameters,
      rope_theta: c.rotary_emb_base,
      partial_rotary_factor: c.rotary_pct,
    },
    {
      dim: Math.floor(c.hidden_size / c.num_attention_heads),
      defaultTheta: 10000,
      positions: c.max_position_embeddings,
      partial: 0.25,
    },
  );
  return rotatedDecoder(
    {
      vocabulary: c.vocab_size,
      width: c.hidden_size,
      layers: Array.from({ length: c.num_hidden_layers }, () => layer(c, angles)),
      norm: layerNorm(c.hidden_size, c.layer_norm_eps),
      rotary: angles,
    },
    { tokens: 'embed_in', layers: 'layers', norm: 'final_layer_norm' },
  );
}

const spec = {
  keys,
  base: 'GPTNeoXModel',
  initializerRange: (c: Config) => c.initializer_range,
  check: (c: Config, checks: Checks) =>
    checks.multiple('hidden_size', c.hidden_size, 'num_attention_heads', c.num_attention_heads),
};

const shape = {
  name: 'gpt_neox',
  body,
  limit: (c: Config) => c.max_position_embeddings,
  heads: [SEQUENCE, TOKEN, QUESTION],
};

export const gptNeoX = family({
  ...spec,
  modelType: 'gpt_neox',
  architectures: gptArchitectures('GPTNeoX', shape),
});

/** As some files spell it, for the same class. */
export const gptNeoXHyphen = family({
  ...spec,
  modelType: 'gpt-neox',
  architectures: gptArchitectures('GPTNeoX', shape),
});

const rewardKeys = { ...keys, pooling: text('last', ['last', 'mean']) } as const;

/** Open Assistant's reward model: one number a sequence. */
export const gptNeoXReward = family({
  ...spec,
  modelType: 'gpt_neox_reward_model',
  keys: rewardKeys,
  base: 'GPTNeoXRewardModel',
  architectures: gptArchitectures<Values<typeof rewardKeys>>('GPTNeoX', {
    ...shape,
    heads: [
      {
        suffix: 'RewardModel',
        make(width, c) {
          const out = linear(width, 1);
          return {
            children: { out_proj: out },
            run: [{ op: c.pooling === 'last' ? 'lastToken' : 'meanTokens' }, out],
          };
        },
      },
    ],
  }),
});
