/** What some families' attention does to queries, keys and heads besides. */
import type { Convolution, Linear, Norm, Parameter } from './module';

/** Normalisation of queries and keys before their product (QK norm). */
export interface QueryKeyNorm {
  /** One norm for all heads, or one for each (StableLM). */
  readonly query: readonly Norm[];
  readonly key: readonly Norm[];
  /** Each head's vector alone, or all heads of a token side by side as one vector (OLMo 2). */
  readonly over: 'head' | 'all';
  /** Whether rotary positions come before the norm. */
  readonly rotated: boolean;
}

/** Differential attention (Ye et al. 2024): the second half of the heads, times λ, is taken away from the first. */
export interface Differential {
  /** λ = exp(q₁·k₁) − exp(q₂·k₂) + initial, each of [headDim]. */
  readonly lambdas: {
    readonly q1: Parameter;
    readonly k1: Parameter;
    readonly q2: Parameter;
    readonly k2: Parameter;
  };
  readonly initial: number;
  /** Over the two values of a pair of heads; its result is scaled by 1 − initial. */
  readonly norm: Norm;
}

/**
 * Nyström's approximation (Xiong et al. 2021): softmax of queries with `count` averaged keys, times the inverse of
 * averaged queries with those, times softmax of averaged queries with all keys. The inverse is iterated; each average is
 * over `segment` tokens, so that the sequence has count · segment of them.
 */
export interface Landmarks {
  readonly count: number;
  readonly segment: number;
  readonly iterations: number;
}

/**
 * Every query also sees the normed sums of each `tokens` tokens, as keys and values (LongT5's transient globals); the
 * table [buckets, heads] has the bias of distances in blocks.
 */
export interface Summaries {
  readonly tokens: number;
  readonly norm: Norm;
  readonly table: Parameter;
}

/**
 * Span-based dynamic convolution (Jiang et al. 2020), half of the heads' outputs beside those of attention: a token's
 * kernel is softmax(kernel(query ⊙ (pointwise(depthwise x) + bias))), [heads, taps], applied to `values` around it.
 */
export interface SpanConvolution {
  readonly depthwise: Convolution;
  readonly pointwise: Convolution;
  /** [heads · valueDim, 1]. */
  readonly bias: Parameter;
  readonly kernel: Linear;
  readonly values: Linear;
}
