/** T5 and the families that differ from it in sizes, tables of positions and the encoder's attention. */
import { size, text } from '../../config/keys';
import { embedding } from '../blocks/layers';
import { longT5Attention } from './longT5';
import { t5Family } from './t5';

const ORIGINAL = { vocabulary: 32128, intermediate: 2048, layers: 6, attentionHeads: 8, feedForward: 'relu' };
const MULTILINGUAL = {
  vocabulary: 250112,
  intermediate: 1024,
  layers: 8,
  attentionHeads: 6,
  feedForward: 'gated-gelu',
};

const t5 = t5Family({
  ...ORIGINAL,
  modelType: 't5',
  prefix: 'T5',
  tables: 'first',
  scaled: 'asTied',
  heads: 'all',
});

const mt5 = t5Family({
  ...MULTILINGUAL,
  modelType: 'mt5',
  prefix: 'MT5',
  tables: 'first',
  scaled: 'never',
  heads: 'all',
});

/** Each layer has its own table of positions. */
const umt5 = t5Family({
  ...MULTILINGUAL,
  modelType: 'umt5',
  prefix: 'UMT5',
  tables: 'each',
  scaled: 'asHead',
  heads: 'all',
});

const longT5Keys = {
  local_radius: size(127),
  global_block_size: size(16),
  encoder_attention_type: text('local', ['local', 'transient-global']),
} as const;

const longt5 = t5Family({
  ...ORIGINAL,
  modelType: 'longt5',
  prefix: 'LongT5',
  tables: 'first',
  scaled: 'asTied',
  alwaysTied: true,
  heads: 'unlabelled',
  keys: longT5Keys,
  encoderAttention: (c) => {
    const own = c as typeof c & {
      readonly local_radius: number;
      readonly global_block_size: number;
      readonly encoder_attention_type: string;
    };
    return longT5Attention(c, own.encoder_attention_type, own.local_radius, own.global_block_size);
  },
});

/** Its composer's token stands before an audio's features, which the class takes in the place of text. */
const pop2piano = t5Family({
  ...ORIGINAL,
  vocabulary: 2400,
  feedForward: 'gated-gelu',
  activation: 'relu',
  modelType: 'pop2piano',
  prefix: 'Pop2Piano',
  tables: 'first',
  scaled: 'asTied',
  tiesHead: false,
  headDimAlias: false,
  heads: 'generation',
  keys: { composer_vocab_size: size(21) },
  beside: (c) => {
    const { composer_vocab_size: rows } = c as typeof c & { readonly composer_vocab_size: number };
    return { 'mel_conditioner.embedding': embedding('segments', rows, c.d_model) };
  },
});

export const t5Kin = [t5, mt5, umt5, longt5, pop2piano];
