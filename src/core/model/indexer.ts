/** Attention to keys that an index finds, in the vocabulary of a model. */
import type { Linear, Norm } from './module';

/** DeepSeek's sparse attention: small heads score every visible key, and a query attends to the `keep` best. */
export interface Indexer {
  readonly heads: number;
  readonly headDim: number;
  readonly keep: number;
  /** Of the compressed query, [latent → heads·headDim]. */
  readonly query: Linear;
  /** Of the layer's input, [width → headDim]: one key for all heads. */
  readonly key: Linear;
  readonly keyNorm: Norm;
  /** Of the layer's input, [width → heads]: what each head's score weighs. */
  readonly weights: Linear;
  /** Pairs that the rotary angles turn, of the first dimensions of each head. */
  readonly pairs: 'half' | 'interleaved';
}
