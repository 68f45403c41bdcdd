/** RemBERT (Chung et al. 2020): BERT with narrow input tables and a wide output one, never tied. */
import { labels, type Common } from '../../config/common';
import { size, type Values } from '../../config/keys';
import { block } from '../../model/build';
import { bertBody, bertKeys, bertTables, layerStack, poolerOf, bertChecks } from '../blocks/bert';
import { encoderArchitecture, linearHead, type EncoderHeads } from '../blocks/encoder';
import { layerNorm, linear } from '../blocks/layers';
import { family } from '../family';
import { layersOf } from './bert';

const keys = {
  ...bertKeys({ vocabulary: 250300, width: 1152, layers: 32, heads: 18, intermediate: 4608, tied: false }),
  input_embedding_size: size(256),
  output_embedding_size: size(1664),
} as const;

type Config = Values<typeof keys> & Common;

const model = encoderArchitecture('rembert', (c: Config, pooler) =>
  bertBody({
    embeddings: bertTables({ ...c, hidden_size: c.input_embedding_size }),
    encoder: layerStack(layersOf(c), {
      before: {
        name: 'embedding_hidden_mapping_in',
        module: linear(c.input_embedding_size, c.hidden_size),
      },
    }),
    ...poolerOf(c, pooler),
  }),
);

function language(c: Config): EncoderHeads {
  const dense = linear(c.hidden_size, c.output_embedding_size);
  const norm = layerNorm(c.output_embedding_size, c.layer_norm_eps);
  const decoder = linear(c.output_embedding_size, c.vocab_size);
  const head = block('head', { dense, decoder, LayerNorm: norm }, (trace, x) =>
    trace.chain(x, dense, { op: 'activation', activation: c.hidden_act }, norm, decoder),
  );
  return { 'cls.predictions': { head, on: 'tokens' } };
}

export const rembert = family({
  modelType: 'rembert',
  keys,
  base: 'RemBertModel',
  initializerRange: (c) => c.initializer_range,
  check: bertChecks,
  architectures: {
    RemBertModel: model('runs', () => ({})),
    RemBertForMaskedLM: model('none', language),
    RemBertForCausalLM: model('none', language),
    RemBertForSequenceClassification: model('forHead', linearHead('classifier', 'pooled', labels)),
    RemBertForMultipleChoice: model(
      'forHead',
      linearHead('classifier', 'pooled', () => 1),
    ),
    RemBertForTokenClassification: model('none', linearHead('classifier', 'tokens', labels)),
    RemBertForQuestionAnswering: model('none', linearHead('qa_outputs', 'tokens', labels)),
  },
});
