/** Longformer (Beltagy et al. 2020): RoBERTa whose tokens see a window, and a few global ones that see and are seen by all. */
import { labels, type Common } from '../../config/common';
import { any, type Values } from '../../config/keys';
import type { Attention } from '../../model/module';
import {
  bertAttention,
  bertBody,
  bertLayer,
  bertTables,
  encoderKeys,
  layerStack,
  padding,
  poolerOf,
  wholeHeads,
} from '../blocks/bert';
import {
  encoderArchitecture,
  firstTokenClassifier,
  linearHead,
  type Encoder,
  type Pooler,
} from '../blocks/encoder';
import { windowChecks, windowGlobal, windowsOf, withGlobals } from '../blocks/windowGlobal';
import { family } from '../family';
import { robertaLanguage } from './roberta';

const keys = { ...encoderKeys(), ...padding(1), attention_window: any() } as const;

type Config = Values<typeof keys> & Common;

/** The usual projections, and those of the global tokens. */
function attention(c: Config, window: number, globals: number): Attention {
  return withGlobals(bertAttention(c, 'self', { mask: windowGlobal(window, globals) }), c.hidden_size);
}

/** @param globals tokens that a class makes global when its caller names none: the first, for a class of sequences. */
function model(globals: number) {
  return encoderArchitecture('longformer', (c: Config, pooler: Pooler): Encoder => {
    const offset = (c.pad_token_id ?? -1) + 1;
    const windows = windowsOf(c.attention_window, c.num_hidden_layers);
    const layers = windows.map((window) => bertLayer(c, { attention: () => attention(c, window, globals) }));
    return {
      ...bertBody({
        embeddings: bertTables(c, { offset }),
        encoder: layerStack(layers),
        padding: { op: 'padTokens', multiple: Math.max(1, ...windows) },
        ...poolerOf(c, pooler),
      }),
      limit: c.max_position_embeddings - offset,
    };
  });
}

const local = model(0);

/** Classes of questions take the question's tokens as global ones, which no config tells. */
export const longformer = family({
  modelType: 'longformer',
  keys,
  base: 'LongformerModel',
  initializerRange: (c) => c.initializer_range,
  check(c, checks) {
    wholeHeads(c, checks);
    windowChecks(c.attention_window, 'num_hidden_layers', c.num_hidden_layers, checks);
  },
  architectures: {
    LongformerModel: local('runs', () => ({})),
    LongformerForMaskedLM: local('none', robertaLanguage),
    LongformerForSequenceClassification: model(1)('none', firstTokenClassifier('classifier', 'tanh')),
    LongformerForTokenClassification: local('none', linearHead('classifier', 'tokens', labels)),
  },
});
