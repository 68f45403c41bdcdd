/** BART and the families that differ from it in sizes, norms and positions. */
import { any, flag, optionalSize, size } from '../../config/keys';
import { bartFamily } from './bart';
import { bartKeys, type BartLayout } from './bartStack';
import { mvpPrompt } from './mvp';

const BASE = { encoder: [12, 4096, 16], decoder: [12, 4096, 16], width: 1024 } as const;

/** Learned positions from row 2; norms after each sum and after the embeddings. */
const bartLayout: BartLayout = {
  norm: 'post',
  embeddingNorm: 'sum',
  finalNorm: false,
  positions: { table: 'learned', offset: 2 },
};

const bart = bartFamily({
  modelType: 'bart',
  prefix: 'Bart',
  keys: bartKeys({ ...BASE, vocabulary: 50265, positions: 1024 }),
  layout: bartLayout,
  heads: ['generation', 'causal', 'classification', 'questions'],
  labels: 3,
});

const mbart = bartFamily({
  modelType: 'mbart',
  prefix: 'MBart',
  keys: bartKeys({ ...BASE, vocabulary: 50265, positions: 1024 }),
  layout: { ...bartLayout, norm: 'pre', finalNorm: true },
  starts: 'last',
  heads: ['generation', 'causal', 'classification', 'questions'],
});

const plbart = bartFamily({
  modelType: 'plbart',
  prefix: 'PLBart',
  keys: bartKeys({
    vocabulary: 50005,
    width: 768,
    positions: 1024,
    encoder: [6, 3072, 12],
    decoder: [6, 3072, 12],
    scaleEmbedding: true,
    initializerAlias: true,
  }),
  layout: bartLayout,
  starts: 'last',
  heads: ['generation', 'causal', 'classification'],
});

const mvp = bartFamily({
  modelType: 'mvp',
  prefix: 'Mvp',
  keys: {
    ...bartKeys({ ...BASE, vocabulary: 50267, positions: 1024 }),
    use_prompt: flag(false),
    prompt_length: size(100),
    prompt_mid_dim: size(800),
  },
  layout: bartLayout,
  heads: ['generation', 'causal', 'classification', 'questions'],
  // The decoder that stands alone is built without prompts.
  stack: (c, place, alone) => (c.use_prompt && !alone ? mvpPrompt(c, place) : {}),
});

const pegasus = bartFamily({
  modelType: 'pegasus',
  prefix: 'Pegasus',
  keys: bartKeys({ ...BASE, vocabulary: 50265, positions: 1024 }),
  layout: { norm: 'pre', embeddingNorm: 'none', finalNorm: true, positions: { table: 'fixed', offset: 0 } },
  heads: ['generation', 'causal'],
});

const marian = bartFamily({
  modelType: 'marian',
  prefix: 'Marian',
  keys: {
    ...bartKeys({ ...BASE, vocabulary: 58101, positions: 1024 }),
    decoder_vocab_size: optionalSize(),
    share_encoder_decoder_embeddings: flag(true),
  },
  layout: { norm: 'post', embeddingNorm: 'none', finalNorm: false, positions: { table: 'fixed', offset: 0 } },
  heads: ['generation', 'causal'],
  generation: 'MarianMTModel',
  sharesTokens: (c) => c.share_encoder_decoder_embeddings,
  // A decoder that shares the encoder's embeddings has its vocabulary, unless it stands alone.
  stack: (c, place, alone) => {
    const own = place === 'decoder' && (alone || !c.share_encoder_decoder_embeddings);
    return own ? { vocabulary: c.decoder_vocab_size ?? c.vocab_size } : {};
  },
});

const m2m100 = bartFamily({
  modelType: 'm2m_100',
  prefix: 'M2M100',
  keys: {
    ...bartKeys({ ...BASE, vocabulary: 128112, positions: 1024, activation: 'relu', scaleEmbedding: true }),
    pad_token_id: any(),
  },
  layout: { norm: 'pre', embeddingNorm: 'none', finalNorm: true, positions: 'sinusoids' },
  heads: ['generation'],
  logitsBias: false,
  // Positions count from the one after the padding's.
  stack: (c) => ({ padding: typeof c.pad_token_id === 'number' ? c.pad_token_id : 1 }),
});

const blenderbot = bartFamily({
  modelType: 'blenderbot',
  prefix: 'Blenderbot',
  keys: bartKeys({
    vocabulary: 8008,
    width: 2560,
    positions: 128,
    encoder: [2, 10240, 32],
    decoder: [24, 10240, 32],
  }),
  layout: { norm: 'pre', embeddingNorm: 'none', finalNorm: true, positions: { table: 'learned', offset: 0 } },
  heads: ['generation', 'causal'],
});

const blenderbotSmall = bartFamily({
  modelType: 'blenderbot-small',
  prefix: 'BlenderbotSmall',
  keys: bartKeys({
    vocabulary: 50265,
    width: 512,
    positions: 512,
    encoder: [8, 2048, 16],
    decoder: [8, 2048, 16],
  }),
  layout: {
    norm: 'post',
    embeddingNorm: 'decoderTokens',
    finalNorm: false,
    positions: { table: 'learned', offset: 0 },
  },
  heads: ['generation', 'causal'],
});

export const bartKin = [bart, mbart, plbart, mvp, pegasus, marian, m2m100, blenderbot, blenderbotSmall];
