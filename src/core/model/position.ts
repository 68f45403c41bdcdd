/** Positions in attention, in the vocabulary of a model. */
import type { Linear, Parameter, Norm } from './module';
import type { Rotary } from './rotary';

/** Where attention learns of positions. */
export type PositionScheme =
  /** Positions were added to the input, or there are none. */
  | { readonly type: 'none' }
  | {
      readonly type: 'rotary';
      readonly rotary: Rotary;
      /** Values are rotated as queries and keys are (RoFormer's rotary_value). */
      readonly values?: true;
    }
  /** ALiBi (Press et al. 2022): slope[head] · key is added to the scores, for softmax the same as slope · (key − query). */
  | {
      readonly type: 'alibi';
      readonly slopes: readonly number[];
      /** The products are rounded to this (Falcon), which makes the key's own place matter. */
      readonly products?: 'bfloat16';
      /** The rounded products times this are added. */
      readonly scale?: number;
    }
  /**
   * Rotary over two axes: the first half of the frequencies turns by the row, the second by the column, of patches on a
   * grid; tokens before the grid are not turned. DINOv3 takes the centres of the patches, scaled to [−1, 1], times 2π.
   */
  | {
      readonly type: 'rotaryGrid';
      readonly theta: number;
      readonly height: number;
      readonly width: number;
      readonly places: 'centres' | 'indices';
      /** The row turns every second frequency of all, the column those between (Pixtral). */
      readonly alternating?: true;
    }
  /**
   * A table [distances, heads] added to the scores, looked up by the offset of query and key on a grid (Swin); BEiT has
   * three more rows for the class token. Several layers may use one table; where two are added, `also` is the other.
   */
  | {
      readonly type: 'relativeGrid';
      readonly table: Parameter;
      readonly height: number;
      readonly width: number;
      readonly classToken: boolean;
      /** The class takes the table for one of a grid of width × height, and interpolates it where they differ (BEiT). */
      readonly transposed?: true;
      readonly also?: Parameter;
    }
  /** Swin v2: the bias of an offset is 16·sigmoid of two linear maps with a ReLU between, [2] → [hidden] → [heads]. */
  | {
      readonly type: 'continuousGrid';
      readonly hidden: Linear;
      readonly output: Linear;
      readonly window: number;
      readonly pretrainedWindow: number;
    }
  /**
   * Transformer-XL (Dai et al. 2019) and XLNet: scores are (q + content)·k + (q + position)·r, with r a projection of
   * the sines of the distance between query and key, and both biases [heads, headDim].
   */
  | {
      readonly type: 'relativeSines';
      readonly project: Linear;
      readonly contentBias: Parameter;
      readonly positionBias: Parameter;
      /** Distances that r is made for: to the keys before the query, or to those after it too. */
      readonly distances: 'past' | 'both';
      /** Distances are cut to ± this. */
      readonly clamp?: number;
    }
  /**
   * DeBERTa (He et al. 2020): scores of content and distance are added to those of content and content, each scaled
   * alike. A table of distances [2 · span, width] is normalised and projected to keys (content to position) and to
   * queries (position to content).
   */
  | {
      readonly type: 'disentangled';
      readonly table: Parameter;
      readonly norm?: Norm;
      /** Distances from −span to span − 1. */
      readonly span: number;
      /** Only as many distances are projected as the sequence has (the first version). */
      readonly cut: boolean;
      /** Distances beyond `span / 2` share logarithmic buckets up to this one (the second version's buckets). */
      readonly maxDistance?: number;
      /** Projections that run; they may be those of the keys and queries themselves. */
      readonly key?: Linear;
      readonly query?: Linear;
      readonly contentToPosition: boolean;
      readonly positionToContent: boolean;
    }
  /** T5: a table [buckets, heads] added to the scores; several layers may use one table. */
  | {
      readonly type: 'relativeBuckets';
      readonly table: Parameter;
      readonly buckets: number;
      readonly maxDistance: number;
      readonly bidirectional: boolean;
      /**
       * Each query's share of it: a(b·scale − 1) + 2, with a and b the sigmoids of the sums of four of the eight
       * numbers that `project` makes of a head's part of x; `scale` is [1, heads, 1, 1] (WavLM).
       */
      readonly gate?: { readonly project: Linear; readonly scale: Parameter };
    };
