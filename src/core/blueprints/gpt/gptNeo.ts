/** GPT-Neo (Black et al. 2021): GPT-2 whose layers look at everything and at a window in turn, without a scale. */
import { activation, tie } from '../../config/common';
import { any, depth, optionalSize, real, size, type Values } from '../../config/keys';
import { block } from '../../model/build';
import type { Block, MaskPattern } from '../../model/module';
import { separateAttention } from '../blocks/attention';
import type { Decoder } from '../blocks/decoder';
import { layerNorm, linear, mlp } from '../blocks/layers';
import { sequential } from '../blocks/residual';
import { family } from '../family';
import { positionedDecoder } from './body';
import { gptArchitectures, QUESTION, SEQUENCE, TOKEN } from './heads';

const keys = {
  vocab_size: size(50257),
  max_position_embeddings: size(2048),
  hidden_size: size(2048, { role: 'width' }),
  num_layers: depth(24, { aliases: ['num_hidden_layers'] }),
  num_heads: size(16, { aliases: ['num_attention_heads'] }),
  attention_types: any(),
  attention_layers: any(),
  intermediate_size: optionalSize(),
  window_size: size(256),
  activation_function: activation('gelu_new'),
  layer_norm_epsilon: real(1e-5),
  initializer_range: real(0.02),
  tie_word_embeddings: tie(true),
} as const;

type Config = Values<typeof keys>;

/** `global` or `local` for each layer: given as such, or as [[names], times] items. */
function kinds(c: Config): readonly unknown[] {
  if (Array.isArray(c.attention_layers)) return c.attention_layers;
  const types: unknown = c.attention_types ?? [[['global', 'local'], 12]];
  if (!Array.isArray(types)) return [];
  return types.flatMap((item) => {
    const [names, times] = Array.isArray(item) ? (item as unknown[]) : [];
    if (!Array.isArray(names) || typeof times !== 'number') return [];
    return Array.from({ length: Math.min(times, c.num_layers + 1) }, () => names as unknown[]).flat();
  });
}

function layer(c: Config, mask: MaskPattern): Block {
  const width = c.hidden_size;
  const headDim = Math.floor(width / c.num_heads);
  const inner = c.intermediate_size ?? 4 * width;
  const square = () => linear(width, width, { bias: false });
  const parts = {
    ln_1: layerNorm(width, c.layer_norm_epsilon),
    'attn.attention': separateAttention(
      { heads: c.num_heads, headDim, mask, scale: 1 },
      { key: square(), value: square(), query: square(), output: linear(width, width) },
      { key: 'k_proj', value: 'v_proj', query: 'q_proj', output: 'out_proj' },
    ),
    ln_2: layerNorm(width, c.layer_norm_epsilon),
    mlp: mlp(
      c.activation_function,
      { up: linear(width, inner), down: linear(inner, width) },
      { up: 'c_fc', down: 'c_proj' },
    ),
  };
  return block('layer', parts, (trace, x) =>
    sequential(trace, x, [parts.ln_1, parts['attn.attention']], [parts.ln_2, parts.mlp]),
  );
}

function body(c: Config): Decoder {
  const local: MaskPattern = { type: 'slidingWindow', window: c.window_size };
  return positionedDecoder({
    vocabulary: c.vocab_size,
    positions: c.max_position_embeddings,
    width: c.hidden_size,
    layers: kinds(c).map((kind) => layer(c, kind === 'local' ? local : { type: 'causal' })),
    norm: layerNorm(c.hidden_size, c.layer_norm_epsilon),
  });
}

export const gptNeo = family({
  modelType: 'gpt_neo',
  keys,
  base: 'GPTNeoModel',
  initializerRange: (c) => c.initializer_range,
  check(c, checks) {
    const given = c.attention_layers === undefined ? 'attention_types' : 'attention_layers';
    checks.length(given, kinds(c).length, 'num_layers', c.num_layers);
    checks.multiple('hidden_size', c.hidden_size, 'num_heads', c.num_heads);
  },
  architectures: gptArchitectures('GPTNeo', {
    name: 'transformer',
    body,
    limit: (c) => c.max_position_embeddings,
    heads: [SEQUENCE, TOKEN, QUESTION],
  }),
});
