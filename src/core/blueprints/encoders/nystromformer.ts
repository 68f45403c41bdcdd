/** Nyströmformer (Xiong et al. 2021): BERT whose queries and keys meet at landmarks. */
import { labels, type Common } from '../../config/common';
import { flag, size, type Values } from '../../config/keys';
import type { Attention } from '../../model/module';
import {
  bertAttention,
  bertBody,
  bertLayer,
  bertTables,
  encoderKeys,
  layerStack,
  wholeHeads,
} from '../blocks/bert';
import { encoderArchitecture, firstTokenClassifier, linearHead } from '../blocks/encoder';
import { convolution } from '../blocks/layers';
import { family } from '../family';
import { bertLanguage } from './bert';

const keys = {
  ...encoderKeys({ vocabulary: 30000, activation: 'gelu_new', positions: 510, epsilon: 1e-5 }),
  num_landmarks: size(64),
  segment_means_seq_len: size(64),
  conv_kernel_size: size(65),
  inv_coeff_init_option: flag(false),
} as const;

type Config = Values<typeof keys> & Common;

/** Rows before the first position. */
const OFFSET = 2;
/** Steps towards the inverse that the class takes. */
const ITERATIONS = 6;

/** As many landmarks as tokens: full attention. */
const landmarked = (c: Config) => c.num_landmarks !== c.segment_means_seq_len;

function attention(c: Config): Attention {
  const full = bertAttention(c);
  const taps = c.conv_kernel_size;
  const heads = c.num_attention_heads;
  const along = convolution(heads, heads, [taps, 1], {
    padding: [Math.floor(taps / 2), 0],
    groups: heads,
    bias: false,
  });
  return {
    ...full,
    ...(landmarked(c)
      ? {
          landmarks: {
            count: c.num_landmarks,
            segment: Math.floor(c.segment_means_seq_len / c.num_landmarks),
            iterations: ITERATIONS,
          },
        }
      : {}),
    valueConvolution: along,
    children: { ...full.children, 'self.conv': along },
  };
}

const model = encoderArchitecture('nystromformer', (c: Config) => ({
  ...bertBody({
    embeddings: bertTables(c, { positions: c.max_position_embeddings + OFFSET, offset: OFFSET }),
    encoder: layerStack(
      Array.from({ length: c.num_hidden_layers }, () => bertLayer(c, { attention: () => attention(c) })),
    ),
  }),
  // Landmarks are averages over a sequence of this length, and no other.
  limit: landmarked(c)
    ? Math.min(c.max_position_embeddings, c.segment_means_seq_len)
    : c.max_position_embeddings,
}));

export const nystromformer = family({
  modelType: 'nystromformer',
  keys,
  base: 'NystromformerModel',
  initializerRange: (c) => c.initializer_range,
  check(c, checks) {
    wholeHeads(c, checks);
    checks.value('inv_coeff_init_option', c.inv_coeff_init_option, false);
  },
  architectures: {
    NystromformerModel: model('none', () => ({})),
    NystromformerForMaskedLM: model('none', bertLanguage),
    NystromformerForSequenceClassification: model(
      'none',
      firstTokenClassifier('classifier', (c) => c.hidden_act),
    ),
    NystromformerForMultipleChoice: model(
      'none',
      firstTokenClassifier('(choice)', 'relu', { dense: 'pre_classifier', output: 'classifier' }, () => 1),
    ),
    NystromformerForTokenClassification: model('none', linearHead('classifier', 'tokens', labels)),
    NystromformerForQuestionAnswering: model(
      'none',
      linearHead('qa_outputs', 'tokens', () => 2),
    ),
  },
});
