/** What a model takes, in the vocabulary of a model. */

/** One input of a model's forward pass. */
export type ModelInput =
  /** Ids [batch, length]; `limit` is the longest sequence the positions allow. */
  | {
      readonly name: string;
      readonly type: 'tokens';
      readonly stream: Stream;
      readonly limit?: number;
      /** Ids are the code points of characters: there is no vocabulary (CANINE). */
      readonly characters?: true;
    }
  /** Segment ids [batch, length], zero where not given. */
  | { readonly name: string; readonly type: 'segments'; readonly stream: Stream }
  /** Pixels [batch, channels, height, width]; of a video [batch, frames, channels, height, width]. */
  | {
      readonly name: string;
      readonly type: 'pixels';
      readonly channels: number;
      readonly height: number;
      readonly width: number;
      readonly frames?: number;
      /** As many a sequence as the workload says, which may be none: the images of a language model. */
      readonly optional?: true;
    }
  /**
   * Sound: samples [batch, length], or frames of `features` numbers, [batch, features, length] where they are
   * `featuresFirst` and [batch, length, features] where not. `length` where the class takes no other.
   */
  | {
      readonly name: string;
      readonly type: 'sound';
      readonly features?: number;
      readonly featuresFirst?: true;
      readonly length?: number;
    };

/** Sequences whose lengths a workload gives apart. */
export type Stream = 'tokens' | 'decoderTokens';
