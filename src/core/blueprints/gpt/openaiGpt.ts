/** The first GPT (Radford et al. 2018): norms after each sum, none at the end. */
import { tie } from '../../config/common';
import { depth, real, size, text, type Values } from '../../config/keys';
import { block, listed } from '../../model/build';
import type { Block } from '../../model/module';
import { fusedAttention } from '../blocks/attention';
import type { Decoder } from '../blocks/decoder';
import { embedding, layerNorm, linear, mlp } from '../blocks/layers';
import { postNorm } from '../blocks/residual';
import { family } from '../family';
import { gptArchitectures, SEQUENCE } from './heads';

/** The class's own names. */
const ACTIVATIONS: Readonly<Record<string, string>> = {
  relu: 'relu',
  silu: 'silu',
  gelu: 'gelu_new',
  swish: 'silu',
};

const keys = {
  vocab_size: size(40478),
  n_positions: size(512, { aliases: ['max_position_embeddings'] }),
  n_embd: size(768, { aliases: ['hidden_size'], role: 'width' }),
  n_layer: depth(12, { aliases: ['num_hidden_layers'] }),
  n_head: size(12, { aliases: ['num_attention_heads'] }),
  afn: text('gelu', Object.keys(ACTIVATIONS)),
  layer_norm_epsilon: real(1e-5),
  initializer_range: real(0.02),
  tie_word_embeddings: tie(true),
} as const;

type Config = Values<typeof keys>;

function layer(c: Config): Block {
  const width = c.n_embd;
  const conv1d = (inputs: number, outputs: number) => linear(inputs, outputs, { layout: 'input-output' });
  const parts = {
    attn: fusedAttention(
      { heads: c.n_head, headDim: Math.floor(width / c.n_head), mask: { type: 'causal' } },
      { qkv: conv1d(width, 3 * width), output: conv1d(width, width) },
      { qkv: 'c_attn', output: 'c_proj' },
    ),
    ln_1: layerNorm(width, c.layer_norm_epsilon),
    mlp: mlp(
      ACTIVATIONS[c.afn]!,
      { up: conv1d(width, 4 * width), down: conv1d(4 * width, width) },
      { up: 'c_fc', down: 'c_proj' },
    ),
    ln_2: layerNorm(width, c.layer_norm_epsilon),
  };
  return block('layer', parts, (trace, x) =>
    postNorm(trace, x, [parts.attn, parts.ln_1], [parts.mlp, parts.ln_2]),
  );
}

function body(c: Config): Decoder {
  const tokens_embed = embedding('tokens', c.vocab_size, c.n_embd);
  const positions_embed = embedding('positions', c.n_positions, c.n_embd);
  const layers = Array.from({ length: c.n_layer }, () => layer(c));
  const stack = block('stack', { tokens_embed, positions_embed, ...listed('h', layers) }, (trace, ids) => {
    const placed = trace.chain(ids, { op: 'positions' }, positions_embed);
    return trace.chain(trace.add(trace.run(tokens_embed, ids), placed), ...layers);
  });
  return { block: stack, embedding: tokens_embed, width: c.n_embd };
}

export const openaiGpt = family({
  modelType: 'openai-gpt',
  keys,
  base: 'OpenAIGPTModel',
  initializerRange: (c) => c.initializer_range,
  check: (c, checks) => checks.multiple('n_embd', c.n_embd, 'n_head', c.n_head),
  architectures: gptArchitectures('OpenAIGPT', {
    name: 'transformer',
    body,
    limit: (c) => c.n_positions,
    heads: [SEQUENCE],
    languageModel: 'LMHeadModel',
  }),
});
