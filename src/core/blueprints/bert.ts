/** BERT (Devlin et al. 2018): post-norm encoder over tokens, positions and segments. */
import { activation, labels, tie, type Common } from '../config/common';
import { depth, flag, real, size, type Values } from '../config/keys';
import { block, listed } from '../model/build';
import type { Attention, Module } from '../model/module';
import { separateAttention } from './blocks/attention';
import {
  bertEmbeddings,
  encoderArchitecture,
  linearHead,
  maskedLanguageHead,
  postNormLayer,
  type Encoder,
  type EncoderHeads,
  type Pooler,
} from './blocks/encoder';
import { layerNorm, linear, mlp } from './blocks/layers';
import { family } from './family';

const keys = {
  vocab_size: size(30522),
  hidden_size: size(768, { role: 'width' }),
  num_hidden_layers: depth(12),
  num_attention_heads: size(12),
  intermediate_size: size(3072),
  hidden_act: activation('gelu'),
  max_position_embeddings: size(512),
  type_vocab_size: size(2),
  layer_norm_eps: real(1e-12),
  initializer_range: real(0.02),
  is_decoder: flag(false),
  add_cross_attention: flag(false),
  tie_word_embeddings: tie(true),
} as const;

type Config = Values<typeof keys> & Common;

function attention(c: Config, place: Attention['place']): Attention {
  const width = c.hidden_size;
  const headDim = Math.floor(width / c.num_attention_heads);
  const inner = c.num_attention_heads * headDim;
  return separateAttention(
    {
      place,
      heads: c.num_attention_heads,
      headDim,
      mask: { type: c.is_decoder && place === 'self' ? 'causal' : 'full' },
    },
    {
      query: linear(width, inner),
      key: linear(width, inner),
      value: linear(width, inner),
      output: linear(width, width),
    },
    { query: 'self.query', key: 'self.key', value: 'self.value', output: 'output.dense' },
  );
}

function layer(c: Config) {
  const norm = () => layerNorm(c.hidden_size, c.layer_norm_eps);
  // Cross attention has parameters, and runs only when an encoder's states are given.
  const cross: Record<string, Module> = c.add_cross_attention
    ? { crossattention: attention(c, 'cross'), 'crossattention.output.LayerNorm': norm() }
    : {};
  return postNormLayer(
    {
      attention: attention(c, 'self'),
      attentionNorm: norm(),
      mlp: mlp(
        c.hidden_act,
        { up: linear(c.hidden_size, c.intermediate_size), down: linear(c.intermediate_size, c.hidden_size) },
        { up: 'intermediate.dense', down: 'output.dense' },
      ),
      mlpNorm: norm(),
    },
    {
      attention: 'attention',
      attentionNorm: 'attention.output.LayerNorm',
      mlp: '(mlp)',
      mlpNorm: 'output.LayerNorm',
    },
    cross,
  );
}

function body(c: Config, pooler: Pooler): Encoder {
  const embeddings = bertEmbeddings({
    vocabulary: c.vocab_size,
    positions: c.max_position_embeddings,
    segments: c.type_vocab_size,
    width: c.hidden_size,
    epsilon: c.layer_norm_eps,
  });
  const layers = Array.from({ length: c.num_hidden_layers }, () => layer(c));
  const encoder = block('stack', listed('layer', layers), (trace, x) => trace.chain(x, ...layers));
  const dense = linear(c.hidden_size, c.hidden_size);
  const pooling = block('pooler', { dense }, (trace, x) =>
    trace.chain(x, { op: 'firstToken' }, dense, { op: 'activation', activation: 'tanh' }),
  );
  const children = {
    embeddings: embeddings.block,
    encoder,
    ...(pooler === 'none' ? {} : { pooler: pooling }),
  };
  return {
    tokens: embeddings.tokens,
    pooling: pooler === 'forHead' ? [pooling] : [],
    block: block('model', children, (trace, ids, segments) => {
      const x = trace.run(encoder, trace.run(embeddings.block, ids, segments));
      if (pooler === 'runs') trace.run(pooling, x);
      return x;
    }),
  };
}

function languageHead(c: Config, encoder: Encoder) {
  return maskedLanguageHead(
    {
      dense: linear(c.hidden_size, c.hidden_size),
      norm: layerNorm(c.hidden_size, c.layer_norm_eps),
      activation: c.hidden_act,
      tokens: encoder.tokens,
    },
    { dense: 'transform.dense', norm: 'transform.LayerNorm' },
    c.tie_word_embeddings,
  );
}

const model = encoderArchitecture('bert', body);

const language = (c: Config, encoder: Encoder): EncoderHeads => ({
  'cls.predictions': { head: languageHead(c, encoder), on: 'tokens' },
});
const nextSentence = linearHead('cls.seq_relationship', 'pooled', () => 2);

export const bert = family({
  modelType: 'bert',
  keys,
  base: 'BertModel',
  initializerRange: (c) => c.initializer_range,
  check: (c, checks) =>
    checks.multiple('hidden_size', c.hidden_size, 'num_attention_heads', c.num_attention_heads),
  architectures: {
    BertModel: model('runs', () => ({})),
    BertForPreTraining: model('forHead', (c, encoder) => ({ ...language(c, encoder), ...nextSentence(c) })),
    BertForMaskedLM: model('none', language),
    BertLMHeadModel: model('none', language),
    BertForNextSentencePrediction: model('forHead', nextSentence),
    BertForSequenceClassification: model('forHead', linearHead('classifier', 'pooled', labels)),
    BertForMultipleChoice: model(
      'forHead',
      linearHead('classifier', 'pooled', () => 1),
    ),
    BertForTokenClassification: model('none', linearHead('classifier', 'tokens', labels)),
    BertForQuestionAnswering: model('none', linearHead('qa_outputs', 'tokens', labels)),
  },
});
