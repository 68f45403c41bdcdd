/** What happens between modules, in the vocabulary of a model. */
import type { Activation, Parameter } from './module';

/** What happens between modules without parameters. Shapes: x is [batch, length, width] or [batch, channels, …]. */
export type Operation =
  | { readonly op: 'add' }
  /** Element by element; an axis of length 1 serves for all of the other's. */
  | { readonly op: 'multiply' }
  /** x times a constant. */
  | { readonly op: 'scale'; readonly by: number }
  | { readonly op: 'activation'; readonly activation: Activation }
  /** cap·tanh(x / cap). */
  | { readonly op: 'softCap'; readonly cap: number }
  /** [b, s] → [b, s]: 0, 1, 2 … for each sequence; ids that are `padding` are not counted and get −1. */
  | { readonly op: 'positions'; readonly padding?: number }
  /** Ids [b, s] → [b, s]: each the one before it, the first `start`, or the last id that is not `padding`. */
  | { readonly op: 'shiftRight'; readonly start: number | { readonly lastBut: number } }
  /** [b, s] → [b, s]: zero everywhere, for ids that were not given. */
  | { readonly op: 'zeros' }
  /**
   * [b, s] or [b, s, w] → [1, s, width]: sines, then cosines, of `first`, `first` + 1 …, at wavelengths that grow
   * geometrically to 10,000 · 2π (tensor2tensor's form, with width / 2 − 1 ratios; `vaswani` has width / 2 and stops
   * one before). Ids that are `padding` are not counted and get zeros.
   */
  | {
      readonly op: 'sinusoids';
      readonly width: number;
      readonly first: number;
      readonly padding?: number;
      readonly form?: 'vaswani';
      /** Each angle's sine and cosine stand side by side. */
      readonly interleaved?: true;
    }
  /** A learned sequence of its own, whatever x is: → [1, rows, width], or one for each of the batch. */
  | { readonly op: 'learnedSequence'; readonly table: Parameter; readonly eachBatch?: true }
  /** x·mix + (the token before x)·(1 − mix), with zeros before the first token (RWKV); mix is [1, 1, width]. */
  | { readonly op: 'tokenShift'; readonly mix: Parameter }
  /**
   * Keys k and values v [b, s, w] → [b, s, w]: the average of the values of all tokens so far, weighted by
   * exp(k − distance·exp(decay)), and by exp(k + first) for the token itself (RWKV-4); decay and first are [w].
   */
  | { readonly op: 'wkv'; readonly decay: Parameter; readonly first: Parameter }
  /** [b, s, w] → [b, 1, w]: the first position of each sequence ([CLS]). */
  | { readonly op: 'firstToken' }
  /** [b, s, w] → [b, 1, w]: the last position (the end-of-sequence token). */
  | { readonly op: 'lastToken' }
  /** [b, s, w] → [b, n, w]: the last n positions (detection tokens). */
  | { readonly op: 'lastTokens'; readonly count: number }
  /** [b, s, w] → [b, s, to − from]: some of each vector. */
  | { readonly op: 'slice'; readonly from: number; readonly to: number }
  /** [b, s, w] → [b, s, w]: position i has that of i + by, zeros beyond the ends. */
  | { readonly op: 'shift'; readonly by: number }
  /** [b, s, w] → [b, s, w]: real part of the Fourier transform over positions and width (FNet). */
  | { readonly op: 'fourier' }
  /** [b, s, w] → [b, 1, w]: the average of all positions. With `first`, the average of so many first ones. */
  | { readonly op: 'meanTokens'; readonly first?: number }
  /** [b, s, w] → [b, s − n, w]: leaves out the first n positions. */
  | { readonly op: 'dropTokens'; readonly count: number }
  /** [b, c, …] → [b, positions, c]: a feature map as a sequence. */
  | { readonly op: 'patchesToTokens' }
  /** [b, height·width, c] → [b, c, height, width]: the way back. */
  | { readonly op: 'tokensToPatches'; readonly height: number; readonly width: number }
  /** Tokens [b, h·w, c] and a feature map [b, …, h, w] → [b, c, h, w]: each at its place in the map. */
  | { readonly op: 'tokensToMap' }
  /** Puts learned tokens before each sequence, or behind its first ones: [b, s, w] → [b, s + n, w]. */
  | { readonly op: 'prependTokens'; readonly token: Parameter; readonly behind?: number }
  /** Puts learned tokens behind each sequence: [b, s, w] → [b, s + n, w]. */
  | { readonly op: 'appendTokens'; readonly token: Parameter }
  /** Adds a learned table to x: [b, s, w] + [s, w]; of a stack of tables the one at `index`. */
  | { readonly op: 'addTable'; readonly table: Parameter; readonly index?: number }
  /**
   * Adds to position p of x the vectors of its row and column, side by side: tables [rows, 1, a] and [1, columns, b],
   * p = row · columns + column (Reformer's axial positions).
   */
  | { readonly op: 'addAxial'; readonly tables: readonly Parameter[] }
  /** Adds a learned vector to each position: [b, s, w] + [w]. */
  | { readonly op: 'addVector'; readonly vector: Parameter }
  /** Each channel of x times a learned factor: LayerScale (Touvron et al. 2021). */
  | {
      readonly op: 'scaleChannels';
      readonly by: Parameter;
      /** Where the channels are: the last axis, or axis 1 of a feature map. */
      readonly axis?: 'channels';
    }
  /** Side by side: two or more of [b, s, w] → [b, s, Σw] of `features`, [b, Σs, w] of `tokens`, [b, Σc, …] of `channels`. */
  | { readonly op: 'concatenate'; readonly axis: 'features' | 'tokens' | 'channels' }
  /** [b, c, h, w] → [b, h, w, c], and the way back. */
  | { readonly op: 'channelsLast' }
  | { readonly op: 'channelsFirst' }
  /** What a tower returned [b, s, w] → its hidden states at these layers, side by side: [b, s, Σw]. */
  | { readonly op: 'hiddenStates'; readonly layers: readonly number[] }
  /** Ids [b, s] and features of images: the same ids, whose placeholders stand for the features from here on. */
  | { readonly op: 'placeFeatures' }
  /** [b, frames, c, …] → [b, c, frames, …], and back. */
  | { readonly op: 'swapFramesAndChannels' }
  /** [b, …] → [b, 1, …]: samples or a spectrogram as a map of one channel. */
  | { readonly op: 'asChannel' }
  /** Gated linear unit: [b, 2c, …] → [b, c, …], the first half times the sigmoid of the second. */
  | { readonly op: 'gatedChannels' }
  /** [b, c, t] → [b, c, t − n]: leaves out the last n frames. */
  | { readonly op: 'dropLastFrames'; readonly count: number }
  /** Ids [b, s] → [b, s']: filled up to a multiple, where the sequence is longer than `above`. */
  | { readonly op: 'padTokens'; readonly multiple: number; readonly above?: number }
  /** Ids [b, s] → rows of a table that they are hashed into, [b, s]: (id + 1) · prime modulo `buckets` (CANINE). */
  | { readonly op: 'hashIds'; readonly prime: number; readonly buckets: number }
  /**
   * x [b, 1 + n, w] and another: each token behind the first `factor` times, then the last one as often as the other's
   * length needs (CANINE).
   */
  | { readonly op: 'repeatTokens'; readonly factor: number }
  /** [b, c, t] → [b, c, before + t + after]: zeros around the frames. */
  | { readonly op: 'padFrames'; readonly before: number; readonly after: number }
  /** x [b, s, w] and another: cut, or filled with zeros, at its end to the other's length. */
  | { readonly op: 'fitTokens' }
  /** [b, s, f·w] → [b, s·f, w]: each token's features become those of `factor` tokens. */
  | { readonly op: 'spreadTokens'; readonly factor: number }
  /**
   * x as a stack leaves it → the sum of what its layers left, weighed by the softmax of `weights`; [b, s / squeeze, w]
   * where the layers run over that many tokens as one (SEW).
   */
  | {
      readonly op: 'weighLayers';
      readonly weights: Parameter;
      readonly squeeze?: number;
      /** The last state is what left the stack, a norm behind its layers with it (Whisper). */
      readonly last?: 'output';
    }
  /** [b, c, h, w] → [b, c, h', w'], the largest or the average of each window. */
  | {
      readonly op: 'pool';
      readonly type: 'max' | 'average';
      readonly kernel: number;
      readonly stride: number;
      readonly padding: number;
      /** Windows that begin inside and end beyond the border count too. */
      readonly ceil?: true;
      /** The average is of the places in the image alone, not of the padding (PoolFormer). */
      readonly inside?: true;
    }
  /** [b, c, h, w] → [b, c, 1, 1]: the average of all places. */
  | { readonly op: 'poolAll' }
  /** [b, c, h, w] → [b, c, h', w']: zeros around the image, or rows and columns taken away. */
  | {
      readonly op: 'pad';
      readonly top: number;
      readonly bottom: number;
      readonly left: number;
      readonly right: number;
    }
  /**
   * Square patches of a map, by the spots in them. `sequences`: [b, c, h, w] → [b·size², patches, c], the map brought
   * to whole patches by interpolation (MobileViT). `maps`: → [b, c, size², patches], what fills no patch left out.
   */
  | { readonly op: 'cutPatches'; readonly size: number; readonly form: 'sequences' | 'maps' }
  /** The way back, with the map that the patches were cut from. */
  | { readonly op: 'joinPatches'; readonly size: number; readonly form: 'sequences' | 'maps' }
  /**
   * [b, 1 + 2c, spots, patches] → [b, c, spots, patches]: the softmax of the first channel over the patches weighs the
   * next c, their keys; the sum multiplies the relu of the last c, the values (Mehta and Rastegari 2022).
   */
  | { readonly op: 'separableAttention' }
  /** [b, c, h, w] → [b, c, height, width]: averages of windows that cover the map, larger or smaller than it. */
  | { readonly op: 'poolTo'; readonly height: number; readonly width: number }
  /** Zeros around [b, c, h, w], so that a kernel gives ⌈h / stride⌉ · ⌈w / stride⌉ places (TensorFlow's SAME). */
  | { readonly op: 'padSame'; readonly kernel: number; readonly stride: number; readonly dilation: number }
  /** [b, c, h, w] and another map → [b, c, h', w'], as large as the other, by bilinear interpolation of the areas. */
  | { readonly op: 'resizeAs' }
  /** [b, c, h, w] → [b, c, height, width], by interpolation between the outermost places, which stay (Qwen3-VL). */
  | { readonly op: 'resize'; readonly height: number; readonly width: number }
  /**
   * [b, height·width, c] → [b·windows, window·window, c]: rolled by −shift, padded to whole windows, cut into them
   * (Swin). `joinWindows` is the way back.
   */
  | ({ readonly op: 'cutWindows' } & Windows)
  | ({ readonly op: 'joinWindows' } & Windows)
  /** [b, height·width, c] → [b, ⌈height/2⌉·⌈width/2⌉, 4c]: each four neighbours side by side. */
  | { readonly op: 'mergePatches'; readonly height: number; readonly width: number }
  /** [b, s, w] → [1, b·s, w]: all sequences as one, whose attention keeps them apart. */
  | { readonly op: 'packSequences' }
  /**
   * [b, n·height·width, c] → [b, n·⌊height/side⌋·⌊width/side⌋, side²·c]: of each grid, every square of neighbours side
   * by side, row by row.
   */
  | { readonly op: 'joinSquares'; readonly height: number; readonly width: number; readonly side: number }
  /** [b, c·f², h, w] → [b, c, h·f, w·f]: channels become pixels. */
  | { readonly op: 'pixelShuffle'; readonly factor: number };

/** A grid of tokens and the windows that attention stays in. */
export interface Windows {
  readonly height: number;
  readonly width: number;
  readonly window: number;
  /** Rows and columns that the grid is rolled by before it is cut. */
  readonly shift: number;
}
