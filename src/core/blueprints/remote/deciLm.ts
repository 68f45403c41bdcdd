/** Llama-Nemotron by architecture search (NVIDIA 2025): Llama whose layers each have attention and feed-forward of their own, or none. */
import { activation, tie } from '../../config/common';
import { any, depth, flag, real, size, type Values } from '../../config/keys';
import { block } from '../../model/build';
import type { Block, MaskPattern, Module, Rotary, Wire } from '../../model/module';
import type { Trace } from '../../model/build';
import { groupedQueryAttention } from '../blocks/attention';
import { decoder, gatedMlp, type Decoder } from '../blocks/decoder';
import { linear, rmsNorm } from '../blocks/layers';
import { rotary, rotaryKeys } from '../blocks/rotary';
import { family } from '../family';
import { gptArchitectures } from '../gpt/heads';

const keys = {
  vocab_size: size(32000),
  hidden_size: size(4096, { role: 'width' }),
  num_hidden_layers: depth(32),
  num_attention_heads: size(32),
  hidden_act: activation('silu'),
  max_position_embeddings: size(2048),
  rms_norm_eps: real(1e-6),
  initializer_range: real(0.02),
  tie_word_embeddings: tie(false),
  attention_bias: flag(false),
  mlp_bias: flag(false),
  block_configs: any(),
  ...rotaryKeys,
} as const;

type Config = Values<typeof keys>;
type Entry = Readonly<Record<string, unknown>>;

const entryOf = (of: unknown, name: string): Entry => {
  const found = typeof of === 'object' && of !== null ? (of as Entry)[name] : undefined;
  return typeof found === 'object' && found !== null ? (found as Entry) : {};
};

const entries = (c: Config): readonly unknown[] => (Array.isArray(c.block_configs) ? c.block_configs : []);

const positive = (value: unknown): number | undefined =>
  typeof value === 'number' && value > 0 ? value : undefined;

/** Two thirds of the width times the factor, up to the next multiple of 256. */
const intermediate = (width: number, factor: number) =>
  Math.ceil(Math.floor((2 * factor * width) / 3) / 256) * 256;

function attention(c: Config, own: Entry, angles: Rotary): Module {
  const { hidden_size: width, num_attention_heads: heads } = c;
  const window = positive(own['window_length']);
  const mask: MaskPattern = window === undefined ? { type: 'causal' } : { type: 'slidingWindow', window };
  return groupedQueryAttention(
    width,
    {
      heads,
      keyValueHeads: Math.max(1, Math.floor(heads / (positive(own['n_heads_in_group']) ?? 1))),
      headDim: Math.floor(width / heads),
      mask,
      position: { type: 'rotary', rotary: angles },
    },
    c.attention_bias,
  );
}

/** A layer has only what its entry leaves in: a branch may be one matrix, or missing with its norm. */
function layer(c: Config, entry: unknown, angles: Rotary): Block {
  const width = c.hidden_size;
  const branches: { readonly name: string; readonly norm: string; readonly made: Module }[] = [];
  const one = () => linear(width, width, { bias: false });
  const attends = entryOf(entry, 'attention');
  if (attends['no_op'] !== true) {
    const replaced = attends['replace_with_linear'] === true;
    branches.push({
      name: replaced ? 'self_attn.linear_attn' : 'self_attn',
      norm: 'input_layernorm',
      made: replaced ? one() : attention(c, attends, angles),
    });
  }
  const feeds = entryOf(entry, 'ffn');
  if (feeds['no_op'] !== true) {
    const replaced = feeds['replace_with_linear'] === true;
    const inner = intermediate(width, positive(feeds['ffn_mult']) ?? 1);
    branches.push({
      name: replaced ? 'mlp.linear_mlp' : 'mlp',
      norm: 'post_attention_layernorm',
      made: replaced ? one() : gatedMlp(width, inner, c.hidden_act, c.mlp_bias),
    });
  }
  const normed = branches.map((branch) => ({ ...branch, before: rmsNorm(width, c.rms_norm_eps) }));
  const children = Object.fromEntries(
    normed.flatMap(({ name, norm, made, before }) => [[name, made] as const, [norm, before] as const]),
  );
  const forward = (trace: Trace, x: Wire): Wire =>
    normed.reduce((sum, { made, before }) => trace.add(sum, trace.chain(sum, before, made)), x);
  return block('layer', children, forward);
}

function body(c: Config): Decoder {
  const angles = rotary(c, {
    dim: Math.floor(c.hidden_size / c.num_attention_heads),
    defaultTheta: 10000,
    positions: c.max_position_embeddings,
  });
  return decoder({
    vocabulary: c.vocab_size,
    width: c.hidden_size,
    layers: entries(c).map((entry) => layer(c, entry, angles)),
    norm: rmsNorm(c.hidden_size, c.rms_norm_eps),
    rotary: angles,
  });
}

export const deciLm = family({
  modelType: 'nemotron-nas',
  keys,
  base: 'DeciLMModel',
  initializerRange: (c) => c.initializer_range,
  check: (c, checks) =>
    checks.length('block_configs', entries(c).length, 'num_hidden_layers', c.num_hidden_layers),
  architectures: gptArchitectures('DeciLM', {
    name: 'model',
    body,
    limit: (c) => c.max_position_embeddings,
    heads: [],
  }),
});
