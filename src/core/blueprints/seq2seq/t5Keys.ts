/** What families of T5's kind read of a config, and what a family does otherwise than T5. */
import { ACTIVATIONS, type Common } from '../../config/common';
import { any, depth, flag, optionalDepth, real, size, text, type Keys, type Values } from '../../config/keys';
import type { Embedding, MaskPattern, Module } from '../../model/module';

/** Default sizes of a family, and what its classes do otherwise than T5's. */
export interface Own {
  readonly modelType: string;
  /** Of its classes: `T5` in T5Model. */
  readonly prefix: string;
  readonly vocabulary: number;
  readonly intermediate: number;
  readonly layers: number;
  readonly attentionHeads: number;
  readonly feedForward: string;
  /** The table of positions stands in the first layer for all, or in each. */
  readonly tables: 'first' | 'each';
  /** When the decoder's output is scaled before its head: as T5's files say, where the head is tied, or never. */
  readonly scaled: 'asTied' | 'asHead' | 'never';
  /** Ties its head whatever the config says, and `tie_word_embeddings` tells of the scale alone. */
  readonly alwaysTied?: true;
  /** Default of `dense_act_fn`, where the class does not take it from `feed_forward_proj` (Pop2Piano). */
  readonly activation?: string;
  /** The encoder's self attention, where it is not T5's. */
  readonly encoderAttention?: (c: T5Config) => LocalAttention;
  /** Its classes: all of T5's, none that classify, or generation alone. */
  readonly heads: 'all' | 'unlabelled' | 'generation';
  /** Keys of the family's own. */
  readonly keys?: Keys;
  /** Modules of the generating class that text does not pass. */
  readonly beside?: (c: T5Config) => Readonly<Record<string, Module>>;
  /** Whether the head is ever tied; default yes. */
  readonly tiesHead?: false;
  /** Whether `head_dim` is read as `d_kv`; default yes. */
  readonly headDimAlias?: false;
}

/** LongT5's: what it is called, and the keys that each query sees. */
export interface LocalAttention {
  readonly name: string;
  readonly mask: MaskPattern;
  /** Where there are summaries: tokens that one stands for, and the table of their positions. */
  readonly summaries?: { readonly tokens: number; readonly table: Embedding };
}

export function t5Keys(own: Own) {
  return {
    vocab_size: size(own.vocabulary),
    decoder_start_token_id: any(),
    d_model: size(512, { aliases: ['hidden_size'], role: 'width' }),
    d_kv: size(64, own.headDimAlias === false ? {} : { aliases: ['head_dim'] }),
    d_ff: size(own.intermediate),
    num_layers: depth(own.layers),
    /** Sets the encoder's depth alone: a decoder without a depth of its own has taken `num_layers` by then. */
    num_hidden_layers: optionalDepth(),
    num_decoder_layers: optionalDepth(),
    num_heads: size(own.attentionHeads, { aliases: ['num_attention_heads'] }),
    relative_attention_num_buckets: size(32),
    relative_attention_max_distance: size(128),
    layer_norm_epsilon: real(1e-6),
    initializer_factor: real(1),
    /** Of a class with an encoder alone: its layers are a decoder's, whose cross attention has nothing to look at. */
    is_decoder: flag(false),
    feed_forward_proj: text(own.feedForward, [...ACTIVATIONS, ...ACTIVATIONS.map((name) => `gated-${name}`)]),
    /** Saved files carry what `feed_forward_proj` was read as; the class lets these win. */
    is_gated_act: any(),
    dense_act_fn: any(),
    /** transformers 5 ties whatever this says; an explicit false is what T5 1.1 checkpoints hold, and is counted so. */
    tie_word_embeddings: any({ role: 'tie' }),
    /** Said by files of transformers 5; before, an untied head was an unscaled one. */
    scale_decoder_outputs: any(),
  } as const;
}

export type T5Config = Values<ReturnType<typeof t5Keys>> & Common;
