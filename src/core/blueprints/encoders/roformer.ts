/** RoFormer (Su et al. 2021): BERT with rotary positions in the place of a table of them. */
import { labels, type Common } from '../../config/common';
import { flag, optionalSize, type Values } from '../../config/keys';
import { NO_CHILDREN, type PositionScheme } from '../../model/module';
import { bertAttention, bertBody, bertKeys, decoderCrosses, layerStack } from '../blocks/bert';
import { bertEmbeddings, encoderArchitecture, firstTokenClassifier, linearHead } from '../blocks/encoder';
import { embedding } from '../blocks/layers';
import { summaryKeys } from '../blocks/summary';
import { family } from '../family';
import { bertLanguage, layersOf } from './bert';
import { projected, summaryChoice } from './electra';

const keys = {
  ...bertKeys({ vocabulary: 50000, positions: 1536 }),
  embedding_size: optionalSize(),
  rotary_value: flag(false),
  ...summaryKeys('last', { at: false, toLabels: false }),
} as const;

type Config = Values<typeof keys> & Common;

function position(c: Config, dim: number): PositionScheme {
  return {
    type: 'rotary',
    rotary: {
      kind: 'rotary',
      dim,
      theta: 10000,
      scaling: { type: 'default' },
      pairs: 'interleaved',
      parameters: {},
      children: NO_CHILDREN,
    },
    ...(c.rotary_value ? { values: true } : {}),
  };
}

const model = encoderArchitecture('roformer', (c: Config) => {
  const width = c.embedding_size ?? c.hidden_size;
  const headDim = Math.floor(c.hidden_size / c.num_attention_heads);
  const rotary = position(c, headDim);
  // Sines and cosines stand in the checkpoint; they are those of the angles, and are not trained.
  const table = embedding('positions', c.max_position_embeddings, headDim);
  return bertBody({
    embeddings: bertEmbeddings({
      vocabulary: c.vocab_size,
      segments: c.type_vocab_size,
      width,
      epsilon: c.layer_norm_eps,
    }),
    ...projected({ hidden_size: c.hidden_size, embedding_size: width }),
    encoder: layerStack(
      layersOf(c, {
        attention: (place) => bertAttention(c, place, place === 'self' ? { position: rotary } : {}),
      }),
      { held: { name: 'embed_positions', module: table } },
    ),
  });
});

export const roformer = family({
  modelType: 'roformer',
  keys,
  base: 'RoFormerModel',
  initializerRange: (c) => c.initializer_range,
  check: decoderCrosses,
  architectures: {
    RoFormerModel: model('none', () => ({})),
    RoFormerForMaskedLM: model('none', bertLanguage),
    RoFormerForCausalLM: model('none', bertLanguage),
    RoFormerForSequenceClassification: model(
      'none',
      firstTokenClassifier('classifier', (c) => c.hidden_act),
    ),
    RoFormerForMultipleChoice: model('none', (c) => summaryChoice(c)),
    RoFormerForTokenClassification: model('none', linearHead('classifier', 'tokens', labels)),
    RoFormerForQuestionAnswering: model(
      'none',
      linearHead('qa_outputs', 'tokens', () => 2),
    ),
  },
});
