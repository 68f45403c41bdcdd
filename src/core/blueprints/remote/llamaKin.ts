/**
 * Llama's kin whose classes come with their checkpoints: InternLM, XVERSE, Skywork, Aquila, Yi, Orion, MiniCPM,
 * StableLM Epoch, ProSparse Llama, DeepSeek MoE.
 */
import { activation, tie, type Common } from '../../config/common';
import { any, depth, flag, object, optionalSize, real, size, text, type Values } from '../../config/keys';
import { block } from '../../model/build';
import { experts } from '../blocks/experts';
import { gatedMlp, rotaryDecoder, type Decoder } from '../blocks/decoder';
import { layerNorm } from '../blocks/layers';
import { rotaryKeys } from '../blocks/rotary';
import { family, type Blueprint, type Family } from '../family';
import { gptArchitectures, SEQUENCE } from '../gpt/heads';

interface Defaults {
  readonly vocabulary: number;
  readonly width?: number;
  readonly intermediate?: number;
  readonly layers?: number;
  readonly heads?: number;
  readonly positions?: number;
  readonly epsilon?: number;
  readonly tied?: boolean;
}

/** What all of them read, with the defaults of their config classes. */
function llamaKeys(d: Defaults) {
  return {
    vocab_size: size(d.vocabulary),
    hidden_size: size(d.width ?? 4096, { role: 'width' }),
    intermediate_size: size(d.intermediate ?? 11008),
    num_hidden_layers: depth(d.layers ?? 32),
    num_attention_heads: size(d.heads ?? 32),
    num_key_value_heads: optionalSize({ role: 'keyValueHeads' }),
    hidden_act: activation('silu'),
    max_position_embeddings: size(d.positions ?? 2048),
    rms_norm_eps: real(d.epsilon ?? 1e-6),
    initializer_range: real(0.02),
    tie_word_embeddings: tie(d.tied ?? false),
    ...rotaryKeys,
  } as const;
}

type Keys = ReturnType<typeof llamaKeys>;
type Config = Values<Keys>;
type Own = Partial<Parameters<typeof rotaryDecoder>[1]>;

/** Llama's decoder with what a family does otherwise. */
function body(c: Config, own: Own = {}): Decoder {
  return rotaryDecoder(
    { ...c, head_dim: undefined },
    {
      keyValueHeads: c.num_key_value_heads ?? c.num_attention_heads,
      mask: { type: 'causal' },
      defaultTheta: 10000,
      attentionBias: false,
      feedForward: () => gatedMlp(c.hidden_size, c.intermediate_size, c.hidden_act),
      ...own,
    },
  );
}

function classes<C extends Config>(
  prefix: string,
  make: (c: C) => Decoder,
): Record<string, (c: C & Common) => Blueprint> {
  return gptArchitectures<C>(prefix, {
    name: 'model',
    body: make,
    limit: (c) => c.max_position_embeddings,
    heads: [SEQUENCE],
  });
}

function plain(
  modelType: string,
  prefix: string,
  defaults: Defaults,
  own: (c: Config) => Own = () => ({}),
): Family {
  return family({
    modelType,
    keys: llamaKeys(defaults),
    base: `${prefix}Model`,
    initializerRange: (c) => c.initializer_range,
    architectures: classes(prefix, (c: Config) => body(c, own(c))),
  });
}

const internlmKeys = { ...llamaKeys({ vocabulary: 103168 }), bias: flag(true), rotary: object() } as const;

/** InternLM (2023): a bias on all four projections, or on none; keys and values for each head. */
const internlm = family({
  modelType: 'internlm',
  keys: internlmKeys,
  base: 'InternLMModel',
  initializerRange: (c) => c.initializer_range,
  architectures: classes('InternLM', (c: Values<typeof internlmKeys>) => {
    const base = c.rotary?.['base'];
    return body(c, {
      keyValueHeads: c.num_attention_heads,
      attentionBias: c.bias,
      defaultTheta: typeof base === 'number' ? base : 10000,
    });
  }),
});

/** Yi before it took Llama's class: the same under other names for the norms. */
const yi = plain('Yi', 'Yi', { vocabulary: 64000, positions: 4096, epsilon: 1e-5 }, () => ({
  layer: ({ self_attn, feedForward: mlp, norm }) => {
    const [ln1, ln2] = [norm(), norm()];
    return block('layer', { self_attn, mlp, ln1, ln2 }, (trace, x) => {
      const attended = trace.add(x, trace.chain(x, ln1, self_attn));
      return trace.add(attended, trace.chain(attended, ln2, mlp));
    });
  },
}));

const orion = plain(
  'orion',
  'Orion',
  {
    vocabulary: 84608,
    intermediate: 15360,
    width: 5120,
    layers: 40,
    heads: 40,
    positions: 4096,
    epsilon: 1e-5,
  },
  (c) => ({ norm: () => layerNorm(c.hidden_size, c.rms_norm_eps) }),
);

const stableLmEpochKeys = {
  ...llamaKeys({ vocabulary: 50304, width: 2560, intermediate: 6912, positions: 4096 }),
  norm_eps: real(1e-5),
  rope_pct: real(0.25),
  use_qkv_bias: flag(false),
} as const;

/** StableLM 3B and Zephyr before transformers had them. */
const stableLmEpoch = family({
  modelType: 'stablelm_epoch',
  keys: stableLmEpochKeys,
  base: 'StableLMEpochModel',
  initializerRange: (c) => c.initializer_range,
  architectures: classes('StableLMEpoch', (c: Values<typeof stableLmEpochKeys>) =>
    body(c, {
      partialRotary: c.rope_pct,
      attentionBias: c.use_qkv_bias,
      outputBias: false,
      norm: () => layerNorm(c.hidden_size, c.norm_eps),
    }),
  ),
});

const minicpmKeys = {
  ...llamaKeys({ vocabulary: 32000, tied: true }),
  attention_bias: flag(false),
  scale_emb: real(1),
  scale_depth: real(1),
  dim_model_base: real(1),
  num_experts: any(),
} as const;

/** MiniCPM (Hu et al. 2024): Llama with scaled embeddings, branches and logits, so that sizes share their settings. */
const minicpm = family({
  modelType: 'minicpm',
  keys: minicpmKeys,
  base: 'MiniCPMModel',
  initializerRange: (c) => c.initializer_range,
  check(c, checks) {
    // The class with experts is another one under the same name.
    if (typeof c.num_experts === 'number' && c.num_experts > 0) {
      checks.only('num_experts', '0', String(c.num_experts));
    }
  },
  architectures: gptArchitectures('MiniCPM', {
    name: 'model',
    body(c: Values<typeof minicpmKeys>) {
      const by = c.scale_depth / Math.sqrt(c.num_hidden_layers);
      return body(c, {
        attentionBias: c.attention_bias,
        scaleEmbedding: c.scale_emb,
        layer: ({ self_attn, feedForward: mlp, norm }) => {
          const parts = { self_attn, mlp, input_layernorm: norm(), post_attention_layernorm: norm() };
          return block('layer', parts, (trace, x) => {
            const scale = { op: 'scale', by } as const;
            const attended = trace.add(x, trace.chain(x, parts.input_layernorm, self_attn, scale));
            return trace.add(attended, trace.chain(attended, parts.post_attention_layernorm, mlp, scale));
          });
        },
      });
    },
    limit: (c) => c.max_position_embeddings,
    heads: [SEQUENCE],
    beforeOutput: (c) => [{ op: 'scale', by: c.dim_model_base / c.hidden_size }],
  }),
});

const deepseekKeys = {
  ...llamaKeys({ vocabulary: 102400, layers: 30 }),
  moe_intermediate_size: size(1407),
  n_shared_experts: optionalSize(),
  n_routed_experts: optionalSize(),
  num_experts_per_tok: optionalSize(),
  moe_layer_freq: size(1),
  first_k_dense_replace: size(0, { min: 0 }),
  norm_topk_prob: flag(false),
  attention_bias: flag(false),
} as const;

/** DeepSeek MoE (Dai et al. 2024): many small experts, some of them for every token. */
const deepseek = family({
  modelType: 'deepseek',
  keys: deepseekKeys,
  base: 'DeepseekModel',
  initializerRange: (c) => c.initializer_range,
  architectures: classes('Deepseek', (c: Values<typeof deepseekKeys>) => {
    const dense = (intermediate: number) => gatedMlp(c.hidden_size, intermediate, c.hidden_act);
    const shared = c.n_shared_experts;
    return body(c, {
      attentionBias: c.attention_bias,
      feedForward: (layer) =>
        c.n_routed_experts === undefined || layer < c.first_k_dense_replace || layer % c.moe_layer_freq !== 0
          ? dense(c.intermediate_size)
          : experts(
              {
                count: c.n_routed_experts,
                active: c.num_experts_per_tok ?? c.n_routed_experts,
                width: c.hidden_size,
                intermediate: c.moe_intermediate_size,
                activation: c.hidden_act,
              },
              { type: 'softmaxTopK', normalise: c.norm_topk_prob },
              {
                products: 'looped',
                ...(shared === undefined
                  ? {}
                  : { shared: { shared_experts: dense(shared * c.moe_intermediate_size) } }),
              },
            ),
    });
  }),
});

const sparseLlamaKeys = {
  ...llamaKeys({ vocabulary: 32000 }),
  hidden_act: text('silu'),
  attention_bias: flag(false),
} as const;

/** ProSparse (Song et al. 2024): Llama whose gates are exactly zero below a threshold. */
const sparseLlama = family({
  modelType: 'sparsellama',
  keys: sparseLlamaKeys,
  base: 'SparseLlamaModel',
  initializerRange: (c) => c.initializer_range,
  architectures: gptArchitectures('SparseLlama', {
    name: 'model',
    body: (c: Values<typeof sparseLlamaKeys>) => body(c, { attentionBias: c.attention_bias }),
    limit: (c) => c.max_position_embeddings,
    heads: [SEQUENCE],
  }),
});

export const llamaKin = [
  internlm,
  plain('xverse', 'Xverse', {
    vocabulary: 100534,
    width: 5120,
    intermediate: 13824,
    layers: 40,
    heads: 40,
    positions: 8192,
  }),
  plain('skywork', 'Skywork', {
    vocabulary: 65519,
    width: 4608,
    intermediate: 12288,
    layers: 52,
    heads: 36,
    positions: 4096,
  }),
  plain('aquila', 'Aquila', { vocabulary: 100008 }),
  yi,
  orion,
  stableLmEpoch,
  minicpm,
  deepseek,
  sparseLlama,
];
