/** CANINE (Clark et al. 2021): characters, hashed into tables; a deep encoder over molecules of several of them. */
import { labels, type Common } from '../../config/common';
import { size, type Values } from '../../config/keys';
import { block } from '../../model/build';
import type { Block, MaskPattern, Module, ModelInput, Operation } from '../../model/module';
import { bertAttention, bertLayer, encoderKeys, layerStack, tanhPooler, wholeHeads } from '../blocks/bert';
import { convolution, embedding, layerNorm, linear } from '../blocks/layers';
import { family, type Blueprint } from '../family';

const {
  vocab_size: _characters,
  tie_word_embeddings: _untied,
  ...shared
} = encoderKeys({
  positions: 16384,
  segments: 16,
});

const keys = {
  ...shared,
  downsampling_rate: size(4),
  upsampling_kernel_size: size(4),
  num_hash_functions: size(8),
  num_hash_buckets: size(16384),
  local_transformer_stride: size(128),
} as const;

type Config = Values<typeof keys> & Common;

/** Of the hash functions, in their order. */
const PRIMES = [31, 43, 59, 61, 73, 97, 103, 113, 137, 149, 157, 173, 181, 193, 211, 223];

/** Code points and segments → [b, s, width]: each hash function looks up a part of the vector. */
function embeddings(c: Config): Block {
  const part = Math.floor(c.hidden_size / c.num_hash_functions);
  const hashes = Array.from({ length: c.num_hash_functions }, (_, index) => ({
    name: `HashBucketCodepointEmbedder_${index}`,
    hash: { op: 'hashIds', prime: PRIMES[index] ?? 0, buckets: c.num_hash_buckets } as const,
    table: embedding('tokens', c.num_hash_buckets, part),
  }));
  const positions = embedding('positions', c.num_hash_buckets, c.hidden_size);
  const segments = embedding('segments', c.type_vocab_size, c.hidden_size);
  const norm = layerNorm(c.hidden_size, c.layer_norm_eps);
  const children: Record<string, Module> = {
    ...Object.fromEntries(hashes.map(({ name, table }) => [name, table])),
    char_position_embeddings: positions,
    token_type_embeddings: segments,
    LayerNorm: norm,
  };
  return block('embeddings', children, (trace, ids, types) => {
    const parts = hashes.map(({ hash, table }) => trace.chain(ids, hash, table));
    const looked = trace.run({ op: 'concatenate', axis: 'features' }, ...parts);
    const typed = trace.add(looked, trace.run(segments, types));
    return trace.run(norm, trace.add(typed, trace.chain(ids, { op: 'positions' }, positions)));
  });
}

function encoder(c: Config, count: number, mask: MaskPattern): Block {
  const attention = () => bertAttention(c, 'self', { mask });
  return layerStack(Array.from({ length: count }, () => bertLayer(c, { attention })));
}

/** The first character, and behind it a molecule for each `downsampling_rate` characters but the last. */
function downsampling(c: Config): Block {
  const rate = c.downsampling_rate;
  const conv = convolution(c.hidden_size, c.hidden_size, [rate], { stride: [rate] });
  const norm = layerNorm(c.hidden_size, c.layer_norm_eps);
  return block('part', { conv, LayerNorm: norm }, (trace, x) => {
    const first = trace.run({ op: 'firstToken' }, x);
    const molecules = trace.chain(
      x,
      { op: 'channelsFirst' },
      conv,
      { op: 'dropLastFrames', count: 1 },
      { op: 'channelsLast' },
      activation(c),
    );
    return trace.run(norm, trace.run({ op: 'concatenate', axis: 'tokens' }, first, molecules));
  });
}

/** Characters beside the molecules that they are part of → [b, s, width], each from a few around it. */
function upsampling(c: Config): Block {
  const kernel = c.upsampling_kernel_size;
  const conv = convolution(2 * c.hidden_size, c.hidden_size, [kernel]);
  const norm = layerNorm(c.hidden_size, c.layer_norm_eps);
  const before = Math.floor((kernel - 1) / 2);
  return block('part', { conv, LayerNorm: norm }, (trace, x) =>
    trace.chain(
      x,
      { op: 'channelsFirst' },
      { op: 'padFrames', before, after: kernel - 1 - before },
      conv,
      { op: 'channelsLast' },
      activation(c),
      norm,
    ),
  );
}

const activation = (c: Config): Operation => ({ op: 'activation', activation: c.hidden_act });

/** @param gives every character's vector, or that of the pooled first molecule. */
function body(c: Config, gives: 'characters' | 'pooled'): Block {
  const parts = {
    char_embeddings: embeddings(c),
    initial_char_encoder: encoder(c, 1, { type: 'ownBlock', block: c.local_transformer_stride }),
    chars_to_molecules: downsampling(c),
    encoder: encoder(c, c.num_hidden_layers, { type: 'full' }),
    projection: upsampling(c),
    final_char_encoder: encoder(c, 1, { type: 'full' }),
    pooler: tanhPooler(c.hidden_size),
  };
  return block('model', parts, (trace, ids, types) => {
    const characters = trace.run(parts.initial_char_encoder, trace.run(parts.char_embeddings, ids, types));
    const molecules = trace.chain(characters, parts.chars_to_molecules, parts.encoder);
    const pooled = trace.run(parts.pooler, molecules);
    const repeated = trace.run({ op: 'repeatTokens', factor: c.downsampling_rate }, molecules, characters);
    const beside = trace.run({ op: 'concatenate', axis: 'features' }, characters, repeated);
    const sequence = trace.chain(beside, parts.projection, parts.final_char_encoder);
    return gives === 'pooled' ? pooled : sequence;
  });
}

function inputs(c: Config): ModelInput[] {
  const limit = Math.min(c.max_position_embeddings, c.num_hash_buckets);
  return [
    { name: 'input_ids', type: 'tokens', stream: 'tokens', limit, characters: true },
    { name: 'token_type_ids', type: 'segments', stream: 'tokens' },
  ];
}

function withHead(name: string, gives: 'characters' | 'pooled', outputs: (c: Config) => number) {
  return (c: Config): Blueprint => {
    const parts = { canine: body(c, gives), [name]: linear(c.hidden_size, outputs(c)) };
    const root = block('model', parts, (trace, ids, types) =>
      trace.run(parts[name]!, trace.run(parts.canine, ids, types)),
    );
    return { root, inputs: inputs(c) };
  };
}

export const canine = family({
  modelType: 'canine',
  keys,
  base: 'CanineModel',
  initializerRange: (c) => c.initializer_range,
  check: wholeHeads,
  architectures: {
    CanineModel: (c) => ({ root: body(c, 'characters'), inputs: inputs(c) }),
    CanineForSequenceClassification: withHead('classifier', 'pooled', labels),
    CanineForMultipleChoice: withHead('classifier', 'pooled', () => 1),
    CanineForTokenClassification: withHead('classifier', 'characters', labels),
    CanineForQuestionAnswering: withHead('qa_outputs', 'characters', labels),
  },
});
