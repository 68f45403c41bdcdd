/** MobileBERT (Sun et al. 2020): narrow layers between bottlenecks, several feed-forwards a layer, often no norm. */
import { labels, type Common } from '../../config/common';
import { activation, tie } from '../../config/common';
import { depth, flag, optionalSize, real, size, text, type Values } from '../../config/keys';
import { block, listed, parameter } from '../../model/build';
import type { Block, Module, Norm } from '../../model/module';
import { separateAttention } from '../blocks/attention';
import { bertBody, bertMlp, layerStack, tanhPooler } from '../blocks/bert';
import {
  encoderArchitecture,
  linearHead,
  type Embeddings,
  type Encoder,
  type EncoderHeads,
  type Pooler,
} from '../blocks/encoder';
import { affine, embedding, layerNorm, linear } from '../blocks/layers';
import { family } from '../family';

const keys = {
  vocab_size: size(30522),
  hidden_size: size(512, { role: 'width' }),
  num_hidden_layers: depth(24),
  num_attention_heads: size(4),
  intermediate_size: size(512),
  hidden_act: activation('relu'),
  max_position_embeddings: size(512),
  type_vocab_size: size(2),
  layer_norm_eps: real(1e-12),
  initializer_range: real(0.02),
  tie_word_embeddings: tie(true),
  embedding_size: size(128),
  trigram_input: flag(true),
  use_bottleneck: flag(true),
  intra_bottleneck_size: size(128),
  use_bottleneck_attention: flag(false),
  key_query_shared_bottleneck: flag(true),
  num_feedforward_networks: depth(4),
  normalization_type: text('no_norm', ['no_norm', 'layer_norm']),
  classifier_activation: flag(true),
  /** Saved files carry it; it wins over what it is computed from. */
  true_hidden_size: optionalSize(),
} as const;

type Config = Values<typeof keys> & Common;

/** The layers' own width. */
function inside(c: Config): number {
  return c.true_hidden_size ?? (c.use_bottleneck ? c.intra_bottleneck_size : c.hidden_size);
}

/** Where the class passes no epsilon to its norm, torch's default holds. */
function normOf(c: Config, width: number, epsilon = c.layer_norm_eps): Norm {
  return c.normalization_type === 'no_norm' ? affine(width) : layerNorm(width, epsilon);
}

/** Each token with its neighbours through one matrix, then position and segment. */
function embeddings(c: Config): Embeddings {
  const tokens = embedding('tokens', c.vocab_size, c.embedding_size);
  const positions = embedding('positions', c.max_position_embeddings, c.hidden_size);
  const types = embedding('segments', c.type_vocab_size, c.hidden_size);
  const transformation = linear(c.embedding_size * (c.trigram_input ? 3 : 1), c.hidden_size);
  const norm = normOf(c, c.hidden_size, 1e-5);
  const children = {
    word_embeddings: tokens,
    position_embeddings: positions,
    token_type_embeddings: types,
    embedding_transformation: transformation,
    LayerNorm: norm,
  };
  return {
    tokens,
    block: block('embeddings', children, (trace, ids, segments) => {
      let x = trace.run(tokens, ids);
      if (c.trigram_input) {
        const next = trace.run({ op: 'shift', by: 1 }, x);
        x = trace.run(
          { op: 'concatenate', axis: 'features' },
          next,
          x,
          trace.run({ op: 'shift', by: -1 }, x),
        );
      }
      if (c.trigram_input || c.embedding_size !== c.hidden_size) x = trace.run(transformation, x);
      const placed = trace.add(x, trace.chain(ids, { op: 'positions' }, positions));
      return trace.run(norm, trace.add(placed, trace.run(types, segments)));
    }),
  };
}

/** A matrix and a norm. */
function bottleneck(c: Config) {
  const dense = linear(c.hidden_size, c.intra_bottleneck_size);
  const norm = normOf(c, c.intra_bottleneck_size);
  return block('part', { dense, LayerNorm: norm }, (trace, x) => trace.chain(x, dense, norm));
}

function attentionOf(c: Config) {
  const width = inside(c);
  const headDim = Math.floor(width / c.num_attention_heads);
  const inner = c.num_attention_heads * headDim;
  return separateAttention(
    {
      heads: c.num_attention_heads,
      headDim,
      mask: { type: 'full' },
      extras: c.use_bottleneck && !c.use_bottleneck_attention ? { separateValues: true } : {},
    },
    {
      query: linear(width, inner),
      key: linear(width, inner),
      value: linear(c.use_bottleneck_attention ? width : c.hidden_size, inner),
      output: linear(width, width),
    },
    { query: 'self.query', key: 'self.key', value: 'self.value', output: 'output.dense' },
  );
}

function layer(c: Config): Block {
  const width = inside(c);
  const feedForward = () => bertMlp({ ...c, hidden_size: width });
  const attention = attentionOf(c);
  const attentionNorm = normOf(c, width);
  const others = Array.from({ length: c.num_feedforward_networks - 1 }, () => {
    const mlp = feedForward();
    const norm = normOf(c, width);
    return block('part', { '(mlp)': mlp, 'output.LayerNorm': norm }, (trace, x) =>
      trace.run(norm, trace.add(x, trace.run(mlp, x))),
    );
  });
  const mlp = feedForward();
  const mlpNorm = normOf(c, width, 1e-5);
  const input = bottleneck(c);
  const shared = bottleneck(c);
  const dense = linear(width, c.hidden_size);
  const outputNorm = normOf(c, c.hidden_size);
  const children: Record<string, Module> = {
    attention,
    'attention.output.LayerNorm': attentionNorm,
    '(mlp)': mlp,
    'output.LayerNorm': mlpNorm,
    ...listed('ffn', others),
  };
  if (c.use_bottleneck) {
    children['output.bottleneck.dense'] = dense;
    children['output.bottleneck.LayerNorm'] = outputNorm;
    children['bottleneck.input'] = input;
    if (c.key_query_shared_bottleneck) children['bottleneck.attention'] = shared;
  }
  return block('layer', children, (trace, x) => {
    const narrow = c.use_bottleneck ? trace.run(input, x) : x;
    let seen = x;
    if (c.use_bottleneck && c.use_bottleneck_attention) seen = narrow;
    else if (c.use_bottleneck && c.key_query_shared_bottleneck) seen = trace.run(shared, x);
    const mixed = attention.separateValues ? trace.run(attention, seen, seen, x) : trace.run(attention, seen);
    const attended = trace.chain(trace.add(narrow, mixed), attentionNorm, ...others);
    const out = trace.run(mlpNorm, trace.add(attended, trace.run(mlp, attended)));
    return c.use_bottleneck ? trace.run(outputNorm, trace.add(x, trace.run(dense, out))) : out;
  });
}

/** The pooler without its matrix is the first token. */
function pooling(c: Config, pooler: Pooler) {
  if (pooler === 'none') return {};
  const first = () => block('pooler', {}, (trace, x) => trace.run({ op: 'firstToken' }, x));
  const made = c.classifier_activation ? tanhPooler(c.hidden_size) : first();
  return { pooler: { block: made, runs: pooler === 'runs' } };
}

const model = encoderArchitecture('mobilebert', (c: Config, pooler) =>
  bertBody({
    embeddings: embeddings(c),
    encoder: layerStack(Array.from({ length: c.num_hidden_layers }, () => layer(c))),
    ...pooling(c, pooler),
  }),
);

/** The output table is the narrow one of the tokens with further columns beside it. */
function language(c: Config, { tokens }: Encoder): EncoderHeads {
  const { hidden_size: width, embedding_size: narrow, vocab_size: rows } = c;
  const bias = parameter(rows);
  const transform = linear(width, width);
  const norm = layerNorm(width, c.layer_norm_eps);
  const further = linear(width - narrow, rows, { bias: false, layout: 'input-output' });
  const decoder = linear(narrow, rows, c.tie_word_embeddings ? { weight: tokens.weight, bias } : {});
  const children = {
    'transform.dense': transform,
    'transform.LayerNorm': norm,
    dense: further,
    decoder,
  };
  const head = block(
    'head',
    children,
    (trace, x) => {
      x = trace.chain(x, transform, { op: 'activation', activation: c.hidden_act }, norm);
      const first = trace.chain(x, { op: 'slice', from: 0, to: narrow }, decoder);
      return trace.add(first, trace.chain(x, { op: 'slice', from: narrow, to: width }, further));
    },
    { bias },
  );
  return { 'cls.predictions': { head, on: 'tokens' } };
}

const nextSentence = linearHead('cls.seq_relationship', 'pooled', () => 2);

export const mobilebert = family({
  modelType: 'mobilebert',
  keys,
  base: 'MobileBertModel',
  initializerRange: (c) => c.initializer_range,
  architectures: {
    MobileBertModel: model('runs', () => ({})),
    MobileBertForPreTraining: model('forHead', (c, encoder) => ({
      ...language(c, encoder),
      ...nextSentence(c),
    })),
    MobileBertForMaskedLM: model('none', language),
    MobileBertForNextSentencePrediction: model('forHead', nextSentence),
    MobileBertForSequenceClassification: model('forHead', linearHead('classifier', 'pooled', labels)),
    MobileBertForMultipleChoice: model(
      'forHead',
      linearHead('classifier', 'pooled', () => 1),
    ),
    MobileBertForTokenClassification: model('none', linearHead('classifier', 'tokens', labels)),
    MobileBertForQuestionAnswering: model('none', linearHead('qa_outputs', 'tokens', labels)),
  },
});
