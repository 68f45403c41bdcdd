/** Rotary positions, in the vocabulary of a model. */
import type { ModuleBase } from './module';

/** Angles of rotary position embedding; no parameters, one small outer product a forward pass. */
export interface Rotary extends ModuleBase {
  readonly kind: 'rotary';
  /** Rotated dimensions of a head; frequencies are dim / 2. */
  readonly dim: number;
  readonly theta: number;
  readonly scaling: RotaryScaling;
  /** Pairs are (i, i + dim/2) in `half`, (2i, 2i + 1) in `interleaved`. */
  readonly pairs: 'half' | 'interleaved';
  /** The class gives positions for each sequence of a batch, and makes the product for each (ModernBERT's decoder). */
  readonly perSequence?: true;
  /**
   * Each token has several positions: of time, row and column, equal in text (M-RoPE, Qwen2-VL), or of row and column
   * (Pixtral). The class makes the product for each of them and each sequence; every frequency turns by one of them.
   */
  readonly axes?: RotaryAxes;
  /** Turned by the negative angles (nanochat). */
  readonly reversed?: true;
}

/** Which of a token's positions turns a frequency. */
export interface RotaryAxes {
  readonly positions: 2 | 3;
  /** Frequencies of each. */
  readonly sections: readonly number[];
  /** Side by side, or in turn (Qwen3-VL, Pixtral). */
  readonly order: 'sections' | 'interleaved';
}

export type RotaryScaling =
  | { readonly type: 'default' }
  | { readonly type: 'linear'; readonly factor: number }
  /** The base grows with the length of a sequence that is longer than the positions (NTK-aware). */
  | { readonly type: 'dynamic'; readonly factor: number; readonly positions: number }
  | {
      readonly type: 'llama3';
      readonly factor: number;
      readonly lowFrequencyFactor: number;
      readonly highFrequencyFactor: number;
      readonly originalPositions: number;
    }
  | {
      readonly type: 'yarn';
      readonly factor: number;
      readonly betaFast: number;
      readonly betaSlow: number;
      readonly originalPositions: number;
      /** Cosine and sine are multiplied by this. */
      readonly attentionFactor: number;
      readonly truncate: boolean;
    }
  /** Phi-3: frequencies are divided by one list of factors up to the original positions, and by another beyond. */
  | {
      readonly type: 'longrope';
      readonly shortFactors: readonly number[];
      readonly longFactors: readonly number[];
      readonly originalPositions: number;
      /** Cosine and sine are multiplied by this. */
      readonly attentionFactor: number;
      /** Beyond the original positions by this, where it differs (Phi-3.5-MoE). */
      readonly longAttentionFactor?: number;
    }
  /** A scheme whose angles the engine can't compute; counts do not depend on it. */
  | { readonly type: 'other'; readonly name: string };
