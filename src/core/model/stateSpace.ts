/** Recurrences over positions with a state of fixed size, and the short convolutions before them. */
import type { Activation, ModuleBase, Parameter } from './module';

/**
 * Short causal depthwise convolution over positions: [b, s, channels] → [b, s, channels]. transformers' fall-back pads both
 * ends and cuts what is behind, so that FlopCounterMode sees max(s, kernel) + kernel − 1 positions.
 */
export interface CausalConvolution extends ModuleBase {
  readonly kind: 'causalConvolution';
  readonly channels: number;
  readonly kernel: number;
  /** [channels, 1, kernel]. */
  readonly weight: Parameter;
  readonly bias?: Parameter;
  /** What the result goes through. */
  readonly activation?: Activation;
}

/**
 * A linear recurrence whose numbers come from the input: state ← decay · state + B xᵀ, y = C state + D x. FLOPs are those of
 * transformers' fall-back in torch, which FlopCounterMode sees in products alone: the elementwise update of the state is
 * not counted.
 */
export interface StateSpace extends ModuleBase {
  readonly kind: 'stateSpace';
  /** Dimensions of x and y: channels, or heads times their dimension. */
  readonly channels: number;
  /** Numbers of state a channel. */
  readonly stateDim: number;
  readonly scan: Scan;
  /** The logarithm of what the state decays by: [channels, stateDim], or [heads]. */
  readonly decay: Parameter;
  /** How much of x goes through: [channels], or [heads]. */
  readonly skip: Parameter;
  /** Added to Δ before its softplus: [heads]. */
  readonly stepBias?: Parameter;
  /** Δ is not less than the first and not more than the second. */
  readonly stepLimits?: readonly [number, number];
}

export type Scan =
  /**
   * Mamba (Gu & Dao 2023): every channel decays by exp(−exp(A_log)·Δ) of its own. Inputs: x and Δ [b, s, channels], B and
   * C [b, s, stateDim]. Position by position.
   */
  | { readonly type: 'selective' }
  /**
   * Mamba-2 (Dao & Gu 2024), state-space duality: one decay a head; B and C shared by the heads of a group. Inputs: x
   * [b, s, channels], Δ [b, s, heads], B and C [b, s, groups·stateDim]. In chunks, each a masked product like attention's, and a
   * recurrence over chunks; the last chunk is filled up.
   */
  | { readonly type: 'dual'; readonly heads: number; readonly groups: number; readonly chunk: number };
