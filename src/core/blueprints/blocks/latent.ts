/** DeepSeek's multi-head latent attention, as its config describes it. */
import { flag, nullableSize, size, type Values } from '../../config/keys';
import type { Attention, Indexer, Rotary } from '../../model/module';
import { latentAttention } from './attention';
import { layerNorm, linear, rmsNorm } from './layers';
import { yarnScoreFactor, type rotaryKeys } from './rotary';

/** @param defaults of a class; a query rank of null is one matrix. */
export function latentKeys(defaults: {
  readonly queryRank: number;
  readonly keyValueRank?: number;
  readonly rotary?: number;
  readonly plain: number;
  readonly value: number;
}) {
  return {
    q_lora_rank: nullableSize(defaults.queryRank),
    kv_lora_rank: size(defaults.keyValueRank ?? 512),
    qk_rope_head_dim: size(defaults.rotary ?? 64),
    qk_nope_head_dim: size(defaults.plain),
    v_head_dim: size(defaults.value),
    attention_bias: flag(false),
  } as const;
}

/** Its norms have the class's default epsilon, whatever the config says. */
const LATENT_EPSILON = 1e-6;

interface LatentConfig extends Values<typeof rotaryKeys>, Values<ReturnType<typeof latentKeys>> {
  readonly hidden_size: number;
  readonly num_attention_heads: number;
}

interface LatentOptions {
  /** Of the norms of the latents. */
  readonly epsilon?: number;
  /** Dimensions of a query or key head, where they are not the sum of those with and without rotation. */
  readonly headDim?: number;
  readonly latentScales?: { readonly query: number; readonly keyValue: number };
  readonly indexer?: Attention['indexer'];
  /** Default: rotary positions of the angles given. */
  readonly position?: Attention['position'];
}

/** q: h → rank → heads; k, v: h → rank + shared rotated key, rank → heads; o: heads → h. */
export function latentLayer(
  c: LatentConfig,
  angles: Rotary | undefined,
  options: LatentOptions = {},
): Attention {
  const width = c.hidden_size;
  const heads = c.num_attention_heads;
  const headDim = options.headDim ?? c.qk_nope_head_dim + c.qk_rope_head_dim;
  const rank = c.q_lora_rank;
  const bias = c.attention_bias;
  const epsilon = options.epsilon ?? LATENT_EPSILON;
  const { latentScales, indexer } = options;
  return latentAttention(
    {
      heads,
      headDim,
      valueDim: c.v_head_dim,
      latentDim: c.kv_lora_rank,
      rotaryDim: c.qk_rope_head_dim,
      mask: { type: 'causal' },
      position: angles === undefined ? { type: 'none' } : { type: 'rotary', rotary: angles },
      scale: headDim ** -0.5 * yarnScoreFactor(c),
      ...(latentScales === undefined ? {} : { latentScales }),
      ...(indexer === undefined ? {} : { extras: { indexer } }),
    },
    {
      query:
        rank === null
          ? linear(width, heads * headDim, { bias: false })
          : {
              down: linear(width, rank, { bias }),
              norm: rmsNorm(rank, epsilon),
              up: linear(rank, heads * headDim, { bias: false }),
            },
      keyValueDown: linear(width, c.kv_lora_rank + c.qk_rope_head_dim, { bias }),
      keyValueNorm: rmsNorm(c.kv_lora_rank, epsilon),
      keyValueUp: linear(c.kv_lora_rank, heads * (c.qk_nope_head_dim + c.v_head_dim), { bias: false }),
      output: linear(heads * c.v_head_dim, width, { bias }),
    },
  );
}

/** @param defaults number of heads, their dimensions, and keys that a query keeps. */
export function indexerKeys(defaults: { readonly heads: number }) {
  return {
    index_topk: size(2048),
    index_head_dim: size(128),
    index_n_heads: size(defaults.heads),
  } as const;
}

/** @param pairs that its rotary angles turn; they need not be those of the attention itself. */
export function indexer(
  c: LatentConfig & Values<ReturnType<typeof indexerKeys>>,
  pairs: Indexer['pairs'],
): Indexer {
  const heads = c.index_n_heads;
  const headDim = c.index_head_dim;
  return {
    heads,
    headDim,
    keep: c.index_topk,
    query: linear(c.q_lora_rank ?? c.hidden_size, heads * headDim, { bias: false }),
    key: linear(c.hidden_size, headDim, { bias: false }),
    keyNorm: layerNorm(headDim, 1e-6),
    weights: linear(c.hidden_size, heads, { bias: false }),
    pairs,
  };
}
