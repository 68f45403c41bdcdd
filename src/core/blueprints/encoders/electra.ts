/** ELECTRA (Clark et al. 2020): BERT with narrow tables, without a pooler; its generator and its discriminator. */
import { labels } from '../../config/common';
import { size, type Values } from '../../config/keys';
import { block } from '../../model/build';
import { bertBody, bertKeys, bertTables, decoderCrosses, layerStack } from '../blocks/bert';
import {
  encoderArchitecture,
  firstTokenClassifier,
  linearHead,
  maskedLanguageHead,
  type Encoder,
  type EncoderHeads,
} from '../blocks/encoder';
import { layerNorm, linear } from '../blocks/layers';
import { summary, summaryKeys } from '../blocks/summary';
import { family } from '../family';
import type { Common } from '../../config/common';
import { layersOf } from './bert';

const keys = {
  ...bertKeys({ width: 256, heads: 4, intermediate: 1024 }),
  embedding_size: size(128),
  ...summaryKeys('first', { at: true, toLabels: false }),
} as const;

type Config = Values<typeof keys> & Common;

interface GeneratorKeys {
  readonly hidden_size: number;
  readonly layer_norm_eps: number;
  readonly tie_word_embeddings: boolean;
}

/** `generator_predictions`, then `generator_lm_head`: always gelu, whatever the layers use. */
export function generatorHead(c: GeneratorKeys, encoder: Encoder): EncoderHeads {
  const { width } = encoder.tokens;
  const head = maskedLanguageHead(
    {
      dense: linear(c.hidden_size, width),
      norm: layerNorm(width, c.layer_norm_eps),
      activation: 'gelu',
      tokens: encoder.tokens,
    },
    {
      dense: 'generator_predictions.dense',
      norm: 'generator_predictions.LayerNorm',
      decoder: 'generator_lm_head',
      bias: 'own',
    },
    c.tie_word_embeddings,
  );
  return { '(language)': { head, on: 'tokens' } };
}

/** Projects the embeddings to the layers' width where theirs is another. */
export function projected(c: { readonly hidden_size: number; readonly embedding_size: number }) {
  return c.embedding_size === c.hidden_size
    ? {}
    : { before: { name: 'embeddings_project', module: linear(c.embedding_size, c.hidden_size) } };
}

/** One score a choice, from the summary of the sequence. */
export function summaryChoice(
  c: Values<ReturnType<typeof summaryKeys>> & Common & { readonly hidden_size: number },
  activation?: string,
): EncoderHeads {
  const read = summary(c.hidden_size, c, activation);
  const classifier = linear(c.hidden_size, 1);
  const head = block('head', { ...read.children, classifier }, (trace, x) =>
    trace.chain(x, ...read.run, classifier),
  );
  return { '(choice)': { head, on: 'tokens' } };
}

/** Whether each token is the original one. */
function discriminator(c: Config): EncoderHeads {
  const dense = linear(c.hidden_size, c.hidden_size);
  const prediction = linear(c.hidden_size, 1);
  const head = block('head', { dense, dense_prediction: prediction }, (trace, x) =>
    trace.chain(x, dense, { op: 'activation', activation: c.hidden_act }, prediction),
  );
  return { discriminator_predictions: { head, on: 'tokens' } };
}

const model = encoderArchitecture('electra', (c: Config) =>
  bertBody({
    embeddings: bertTables({ ...c, hidden_size: c.embedding_size }),
    ...projected(c),
    encoder: layerStack(layersOf(c)),
  }),
);

export const electra = family({
  modelType: 'electra',
  keys,
  base: 'ElectraModel',
  initializerRange: (c) => c.initializer_range,
  check: decoderCrosses,
  architectures: {
    ElectraModel: model('none', () => ({})),
    ElectraForPreTraining: model('none', discriminator),
    ElectraForMaskedLM: model('none', generatorHead),
    ElectraForCausalLM: model('none', generatorHead),
    ElectraForSequenceClassification: model('none', firstTokenClassifier('classifier', 'gelu')),
    ElectraForMultipleChoice: model('none', (c) => summaryChoice(c, 'gelu')),
    ElectraForTokenClassification: model('none', linearHead('classifier', 'tokens', labels)),
    ElectraForQuestionAnswering: model('none', linearHead('qa_outputs', 'tokens', labels)),
  },
});
