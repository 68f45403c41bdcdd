/** FSMT (Ng et al. 2019): fairseq's translator, with a vocabulary for each language and its head in the decoder. */
import { tie, type Common } from '../../config/common';
import { any, flag, size, type Values } from '../../config/keys';
import { block } from '../../model/build';
import type { Block } from '../../model/module';
import { linear } from '../blocks/layers';
import { family, type Blueprint } from '../family';
import { bothInputs } from './bart';
import { bartKeys, bartStack } from './bartStack';

const { vocab_size: _, ...shared } = bartKeys({
  vocabulary: 42024,
  width: 1024,
  positions: 1024,
  encoder: [12, 4096, 16],
  decoder: [12, 4096, 16],
  activation: 'relu',
  scaleEmbedding: true,
});

const keys = {
  ...shared,
  src_vocab_size: size(42024),
  tgt_vocab_size: size(42024, { aliases: ['vocab_size'] }),
  pad_token_id: any(),
  use_cache: flag(true),
  tie_word_embeddings: tie(false),
} as const;

type Config = Values<typeof keys> & Common;

/** Encoder and decoder; tied, both tables and the head are one. */
function model(c: Config): Block {
  // Rows of positions begin behind the padding's.
  const padding = typeof c.pad_token_id === 'number' ? c.pad_token_id : 1;
  const layout = {
    norm: 'post',
    embeddingNorm: 'none',
    finalNorm: false,
    positions: { table: 'learned', offset: padding + 1 },
  } as const;
  const own = { ...c, vocab_size: c.tgt_vocab_size };
  const speaking = bartStack(own, layout, 'decoder', 'runs', undefined, {
    padding,
    skipsPadding: true,
    // With its cache on, as it is where nobody says otherwise, the class makes no causal mask.
    ...(c.use_cache ? { shape: { mask: { type: 'full' } } } : {}),
  });
  const { weight } = speaking.embedding;
  const tied = c.tie_word_embeddings;
  const reading = bartStack(own, layout, 'encoder', 'none', tied ? weight : undefined, {
    vocabulary: c.src_vocab_size,
    padding,
    skipsPadding: true,
  });
  const head = linear(c.d_model, c.tgt_vocab_size, { bias: false, ...(tied ? { weight } : {}) });
  const decoder = block(
    'stack',
    { '(stack)': speaking.block, output_projection: head },
    (trace, ids, memory) => trace.chain(trace.run(speaking.block, ids, memory), head),
  );
  return block('model', { encoder: reading.block, decoder }, (trace, ids, decoderIds) =>
    trace.run(decoder, decoderIds, trace.run(reading.block, ids)),
  );
}

function generation(c: Config): Blueprint {
  const body = model(c);
  const root = block('model', { model: body }, (trace, ids, decoderIds) => trace.run(body, ids, decoderIds));
  return { root, inputs: bothInputs() };
}

export const fsmt = family({
  modelType: 'fsmt',
  keys,
  base: 'FSMTModel',
  initializerRange: (c) => c.init_std,
  check(c, checks) {
    checks.multiple('d_model', c.d_model, 'encoder_attention_heads', c.encoder_attention_heads);
    checks.multiple('d_model', c.d_model, 'decoder_attention_heads', c.decoder_attention_heads);
  },
  architectures: {
    FSMTModel: (c) => ({ root: model(c), inputs: bothInputs() }),
    FSMTForConditionalGeneration: generation,
  },
});
