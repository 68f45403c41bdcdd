/** LayoutLM (Xu et al. 2019): BERT that adds where a word stands on its page; without boxes all of them are zero. */
import { labels, type Common } from '../../config/common';
import { size, type Values } from '../../config/keys';
import { bertBody, bertTables, encoderKeys, layerStack, poolerOf, wholeHeads } from '../blocks/bert';
import { encoderArchitecture, linearHead } from '../blocks/encoder';
import { family } from '../family';
import { bertLanguage, layersOf } from './bert';

const keys = { ...encoderKeys(), max_2d_position_embeddings: size(1024) } as const;

type Config = Values<typeof keys> & Common;

/** Left and right, top and bottom; height and width. */
const sides = (rows: number) => [
  { name: 'x_position_embeddings', rows, uses: 2 },
  { name: 'y_position_embeddings', rows, uses: 2 },
  { name: 'h_position_embeddings', rows },
  { name: 'w_position_embeddings', rows },
];

const model = encoderArchitecture('layoutlm', (c: Config, pooler) =>
  bertBody({
    embeddings: bertTables(c, { more: sides(c.max_2d_position_embeddings) }),
    encoder: layerStack(layersOf(c)),
    ...poolerOf(c, pooler),
  }),
);

export const layoutlm = family({
  modelType: 'layoutlm',
  keys,
  base: 'LayoutLMModel',
  initializerRange: (c) => c.initializer_range,
  check: wholeHeads,
  architectures: {
    LayoutLMModel: model('runs', () => ({})),
    LayoutLMForMaskedLM: model('runs', bertLanguage),
    LayoutLMForSequenceClassification: model('forHead', linearHead('classifier', 'pooled', labels)),
    LayoutLMForTokenClassification: model('runs', linearHead('classifier', 'tokens', labels)),
    LayoutLMForQuestionAnswering: model('runs', linearHead('qa_outputs', 'tokens', labels)),
  },
});
