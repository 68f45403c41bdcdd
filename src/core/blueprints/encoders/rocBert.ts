/** RoCBert (Su et al. 2022): Chinese BERT that also reads how a character sounds and looks. */
import { labels, type Common } from '../../config/common';
import { flag, size, type Values } from '../../config/keys';
import { block } from '../../model/build';
import type { Module } from '../../model/module';
import { bertBody, bertChecks, bertKeys, bertTables, layerStack, poolerOf } from '../blocks/bert';
import { encoderArchitecture, linearHead, type Embeddings } from '../blocks/encoder';
import { embedding, layerNorm, linear } from '../blocks/layers';
import { family } from '../family';
import { bertLanguage, layersOf } from './bert';

const keys = {
  ...bertKeys(),
  enable_pronunciation: flag(true),
  enable_shape: flag(true),
  pronunciation_embed_dim: size(768),
  pronunciation_vocab_size: size(910),
  shape_embed_dim: size(512),
  shape_vocab_size: size(24858),
  concat_input: flag(true),
} as const;

type Config = Values<typeof keys> & Common;

/**
 * Word, shape and sound side by side through one matrix, then position and segment; without shapes and sounds given
 * their ids are zero. Not concatenated, they would be added, and are left out where they are not given.
 */
function embeddings(c: Config): Embeddings {
  const sound = embedding('tokens', c.pronunciation_vocab_size, c.pronunciation_embed_dim);
  const shape = embedding('tokens', c.shape_vocab_size, c.shape_embed_dim);
  const unused: Record<string, Module> = { pronunciation_embed: sound, shape_embed: shape };
  if (!c.concat_input) {
    const tables = bertTables(c);
    const children = { '(tables)': tables.block, ...unused };
    return {
      tokens: tables.tokens,
      block: block('embeddings', children, (trace, ids, segments) => trace.run(tables.block, ids, segments)),
    };
  }
  const tokens = embedding('tokens', c.vocab_size, c.hidden_size);
  const positions = embedding('positions', c.max_position_embeddings, c.hidden_size);
  const types = embedding('segments', c.type_vocab_size, c.hidden_size);
  const more = [...(c.enable_shape ? [shape] : []), ...(c.enable_pronunciation ? [sound] : [])];
  const map = linear(
    more.reduce((sum, { width }) => sum + width, c.hidden_size),
    c.hidden_size,
  );
  const norm = layerNorm(c.hidden_size, c.layer_norm_eps);
  const children = {
    word_embeddings: tokens,
    ...unused,
    position_embeddings: positions,
    token_type_embeddings: types,
    map_inputs_layer: map,
    LayerNorm: norm,
  };
  return {
    tokens,
    block: block('embeddings', children, (trace, ids, segments) => {
      const others = more.map((table) => trace.chain(ids, { op: 'zeros' }, table));
      const mapped = trace.run(
        map,
        trace.run({ op: 'concatenate', axis: 'features' }, trace.run(tokens, ids), ...others),
      );
      const typed = trace.add(mapped, trace.run(types, segments));
      return trace.run(norm, trace.add(typed, trace.chain(ids, { op: 'positions' }, positions)));
    }),
  };
}

const model = encoderArchitecture('roc_bert', (c: Config, pooler) =>
  bertBody({
    embeddings: embeddings(c),
    encoder: layerStack(layersOf(c)),
    ...poolerOf(c, pooler),
  }),
);

export const rocBert = family({
  modelType: 'roc_bert',
  keys,
  base: 'RoCBertModel',
  initializerRange: (c) => c.initializer_range,
  check: bertChecks,
  architectures: {
    RoCBertModel: model('runs', () => ({})),
    RoCBertForPreTraining: model('runs', bertLanguage),
    RoCBertForMaskedLM: model('none', bertLanguage),
    RoCBertForCausalLM: model('none', bertLanguage),
    RoCBertForSequenceClassification: model('forHead', linearHead('classifier', 'pooled', labels)),
    RoCBertForMultipleChoice: model(
      'forHead',
      linearHead('classifier', 'pooled', () => 1),
    ),
    RoCBertForTokenClassification: model('none', linearHead('classifier', 'tokens', labels)),
    RoCBertForQuestionAnswering: model('none', linearHead('qa_outputs', 'tokens', labels)),
  },
});
