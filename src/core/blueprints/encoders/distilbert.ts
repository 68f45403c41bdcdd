/** DistilBERT (Sanh et al. 2019): BERT in half as many layers, without segments and pooler. */
import { activation, labels, tie, type Common } from '../../config/common';
import { depth, real, size, type Values } from '../../config/keys';
import { separateAttention } from '../blocks/attention';
import { bertBody, layerStack } from '../blocks/bert';
import {
  bertEmbeddings,
  encoderArchitecture,
  firstTokenClassifier,
  linearHead,
  maskedLanguageHead,
  postNormLayer,
  type Encoder,
  type EncoderHeads,
} from '../blocks/encoder';
import { layerNorm, linear, mlp } from '../blocks/layers';
import { family } from '../family';

const keys = {
  vocab_size: size(30522),
  max_position_embeddings: size(512),
  n_layers: depth(6, { aliases: ['num_hidden_layers'] }),
  n_heads: size(12, { aliases: ['num_attention_heads'] }),
  dim: size(768, { aliases: ['hidden_size'], role: 'width' }),
  hidden_dim: size(3072),
  activation: activation('gelu'),
  initializer_range: real(0.02),
  tie_word_embeddings: tie(true),
} as const;

type Config = Values<typeof keys> & Common;

/** The class writes this where others read it from the config. */
const EPSILON = 1e-12;

function layer(c: Config) {
  const square = () => linear(c.dim, c.dim);
  return postNormLayer(
    {
      attention: separateAttention(
        { heads: c.n_heads, headDim: Math.floor(c.dim / c.n_heads), mask: { type: 'full' } },
        { query: square(), key: square(), value: square(), output: square() },
        { query: 'q_lin', key: 'k_lin', value: 'v_lin', output: 'out_lin' },
      ),
      attentionNorm: layerNorm(c.dim, EPSILON),
      mlp: mlp(
        c.activation,
        { up: linear(c.dim, c.hidden_dim), down: linear(c.hidden_dim, c.dim) },
        { up: 'lin1', down: 'lin2' },
      ),
      mlpNorm: layerNorm(c.dim, EPSILON),
    },
    { attention: 'attention', attentionNorm: 'sa_layer_norm', mlp: 'ffn', mlpNorm: 'output_layer_norm' },
  );
}

function language(c: Config, { tokens }: Encoder): EncoderHeads {
  const head = maskedLanguageHead(
    { dense: linear(c.dim, c.dim), norm: layerNorm(c.dim, EPSILON), activation: c.activation, tokens },
    { dense: 'vocab_transform', norm: 'vocab_layer_norm', decoder: 'vocab_projector', bias: 'own' },
    c.tie_word_embeddings,
  );
  return { '(language)': { head, on: 'tokens' } };
}

const classes = encoderArchitecture('distilbert', (c: Config) =>
  bertBody({
    embeddings: bertEmbeddings({
      vocabulary: c.vocab_size,
      positions: c.max_position_embeddings,
      width: c.dim,
      epsilon: EPSILON,
    }),
    encoder: layerStack(Array.from({ length: c.n_layers }, () => layer(c))),
    encoderName: 'transformer',
  }),
);

/** Heads know the width as `hidden_size`. */
const model = (heads: (config: Config & { hidden_size: number }, encoder: Encoder) => EncoderHeads) =>
  classes('none', (c, encoder) => heads({ ...c, hidden_size: c.dim }, encoder));

const first = { dense: 'pre_classifier', output: 'classifier' };

export const distilbert = family({
  modelType: 'distilbert',
  keys,
  base: 'DistilBertModel',
  initializerRange: (c) => c.initializer_range,
  check: (c, checks) => checks.multiple('dim', c.dim, 'n_heads', c.n_heads),
  architectures: {
    DistilBertModel: model(() => ({})),
    DistilBertForMaskedLM: model(language),
    DistilBertForSequenceClassification: model(firstTokenClassifier('(classifier)', 'relu', first)),
    DistilBertForMultipleChoice: model(firstTokenClassifier('(classifier)', 'relu', first, () => 1)),
    DistilBertForTokenClassification: model(linearHead('classifier', 'tokens', labels)),
    DistilBertForQuestionAnswering: model(linearHead('qa_outputs', 'tokens', labels)),
  },
});
