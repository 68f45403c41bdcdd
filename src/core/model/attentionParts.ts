/** What some families' attention does to queries, keys and heads besides. */
import type { Norm, Parameter } from './module';

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
