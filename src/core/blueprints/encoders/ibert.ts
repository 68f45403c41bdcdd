/** I-BERT (Kim et al. 2021): RoBERTa for integer arithmetic, whose weights are those of RoBERTa. */
import type { Common } from '../../config/common';
import { flag, text, type Values } from '../../config/keys';
import {
  bertBody,
  bertLayer,
  bertTables,
  encoderKeys,
  layerStack,
  padding,
  poolerOf,
  wholeHeads,
} from '../blocks/bert';
import type { Encoder, Pooler } from '../blocks/encoder';
import { family } from '../family';
import { robertaClasses, padded } from './roberta';

const keys = {
  ...encoderKeys(),
  ...padding(1),
  hidden_act: text('gelu', ['gelu']),
  quant_mode: flag(false),
} as const;

type Config = Values<typeof keys> & Common;

function body(c: Config, pooler: Pooler): Encoder {
  const offset = (c.pad_token_id ?? -1) + 1;
  // In integers gelu is a polynomial, and so are the softmax's exponential and the norm's root.
  const hidden_act = c.quant_mode ? 'int_gelu' : c.hidden_act;
  const layers = Array.from({ length: c.num_hidden_layers }, () => bertLayer({ ...c, hidden_act }));
  return {
    ...bertBody({
      embeddings: bertTables(c, { offset, ...padded(c) }),
      encoder: layerStack(layers),
      ...poolerOf(c, pooler),
    }),
    limit: c.max_position_embeddings - offset,
  };
}

export const ibert = family({
  modelType: 'ibert',
  keys,
  base: 'IBertModel',
  initializerRange: (c) => c.initializer_range,
  check: wholeHeads,
  architectures: robertaClasses('IBert', 'ibert', body, { causal: false }),
});
