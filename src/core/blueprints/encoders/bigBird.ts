/** BigBird (Zaheer et al. 2020): BERT whose blocks of tokens see their neighbours, the first and last, and random ones. */
import { labels, type Common } from '../../config/common';
import { flag, type Values } from '../../config/keys';
import { block } from '../../model/build';
import type { MaskPattern } from '../../model/module';
import {
  bertAttention,
  bertBody,
  bertChecks,
  bertKeys,
  bertLayer,
  bertMlp,
  bertTables,
  layerStack,
} from '../blocks/bert';
import { blockSparse, blockSparseKeys } from '../blocks/blockSparse';
import {
  encoderArchitecture,
  firstTokenClassifier,
  linearHead,
  type Encoder,
  type EncoderHeads,
  type Pooler,
} from '../blocks/encoder';
import { layerNorm, linear } from '../blocks/layers';
import { family } from '../family';
import { bertLanguage } from './bert';

const keys = {
  ...bertKeys({ vocabulary: 50358, activation: 'gelu_new', positions: 4096 }),
  ...blockSparseKeys,
  rescale_embeddings: flag(false),
} as const;

type Config = Values<typeof keys> & Common;

function body(c: Config, pooler: Pooler): Encoder {
  const width = c.hidden_size;
  const short: MaskPattern = { type: c.is_decoder ? 'causal' : 'full' };
  // With cross attention the class takes full attention, whatever the config says.
  const sparse = c.add_cross_attention ? undefined : blockSparse(c, short.type);
  const layers = Array.from({ length: c.num_hidden_layers }, () =>
    bertLayer(c, {
      attention: (place) =>
        bertAttention(c, place, {
          bias: c.use_bias,
          mask: place === 'self' ? (sparse?.mask ?? short) : { type: 'full' },
        }),
    }),
  );
  const dense = linear(width, width);
  const pooling = block('pooler', { pooler: dense }, (trace, x) =>
    trace.chain(x, { op: 'firstToken' }, dense, { op: 'activation', activation: 'tanh' }),
  );
  const encoder = bertBody({
    embeddings: bertTables(c, c.rescale_embeddings ? { scale: width ** 0.5 } : {}),
    encoder: layerStack(layers),
    ...(sparse === undefined ? {} : { padding: sparse.padding }),
    ...(pooler === 'none' ? {} : { pooler: { block: pooling, runs: pooler === 'runs', name: '(pooler)' } }),
  });
  return sparse === undefined ? encoder : { ...encoder, limit: wholeBlocks(c) };
}

/** The longest sequence whose whole blocks have positions; one that is too short for blocks needs none. */
function wholeBlocks(c: Config): number {
  const { max_position_embeddings: positions, block_size: block, num_random_blocks: random } = c;
  return Math.max(Math.floor(positions / block) * block, Math.min(positions, (5 + 2 * random) * block));
}

/** One more feed-forward, then the two ends of the answer. */
function answer(c: Config): EncoderHeads {
  const mlp = bertMlp(c);
  const norm = layerNorm(c.hidden_size, c.layer_norm_eps);
  const ends = linear(c.hidden_size, 2);
  const children = { '(mlp)': mlp, 'output.LayerNorm': norm, qa_outputs: ends };
  const head = block('head', children, (trace, x) =>
    trace.chain(trace.add(trace.run(mlp, x), x), norm, ends),
  );
  return { qa_classifier: { head, on: 'tokens' } };
}

const model = encoderArchitecture('bert', body);

export const bigBird = family({
  modelType: 'big_bird',
  keys,
  base: 'BigBirdModel',
  initializerRange: (c) => c.initializer_range,
  check: bertChecks,
  architectures: {
    BigBirdModel: model('runs', () => ({})),
    BigBirdForPreTraining: model('forHead', (c, encoder) => ({
      ...bertLanguage(c, encoder),
      ...linearHead('cls.seq_relationship', 'pooled', () => 2)(c),
    })),
    BigBirdForMaskedLM: model('runs', bertLanguage),
    BigBirdForCausalLM: model('runs', bertLanguage),
    BigBirdForSequenceClassification: model(
      'runs',
      firstTokenClassifier('classifier', (c) => c.hidden_act),
    ),
    BigBirdForMultipleChoice: model(
      'forHead',
      linearHead('classifier', 'pooled', () => 1),
    ),
    BigBirdForTokenClassification: model('runs', linearHead('classifier', 'tokens', labels)),
    BigBirdForQuestionAnswering: model('none', answer),
  },
});
