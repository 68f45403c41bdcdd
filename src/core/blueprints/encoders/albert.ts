/** ALBERT (Lan et al. 2019): BERT with a narrow embedding and groups of layers that are applied again and again. */
import { activation, labels, tie, type Common } from '../../config/common';
import { depth, real, size, type Values } from '../../config/keys';
import { block, listed } from '../../model/build';
import { separateAttention } from '../blocks/attention';
import {
  bertEmbeddings,
  encoderArchitecture,
  linearHead,
  maskedLanguageHead,
  postNormLayer,
  type Encoder,
  type EncoderHeads,
  type Pooler,
} from '../blocks/encoder';
import { layerNorm, linear, mlp } from '../blocks/layers';
import { family } from '../family';

const keys = {
  vocab_size: size(30000),
  embedding_size: size(128),
  hidden_size: size(4096, { role: 'width' }),
  num_hidden_layers: depth(12),
  num_hidden_groups: depth(1),
  inner_group_num: depth(1),
  num_attention_heads: size(64),
  intermediate_size: size(16384),
  hidden_act: activation('gelu_new'),
  max_position_embeddings: size(512),
  type_vocab_size: size(2),
  layer_norm_eps: real(1e-12),
  initializer_range: real(0.02),
  tie_word_embeddings: tie(true),
} as const;

type Config = Values<typeof keys> & Common;

function layer(c: Config) {
  const width = c.hidden_size;
  const headDim = Math.floor(width / c.num_attention_heads);
  const inner = c.num_attention_heads * headDim;
  return postNormLayer(
    {
      attention: separateAttention(
        { heads: c.num_attention_heads, headDim, mask: { type: 'full' } },
        {
          query: linear(width, inner),
          key: linear(width, inner),
          value: linear(width, inner),
          output: linear(width, width),
        },
        { query: 'query', key: 'key', value: 'value', output: 'dense' },
      ),
      attentionNorm: layerNorm(width, c.layer_norm_eps),
      mlp: mlp(
        c.hidden_act,
        { up: linear(width, c.intermediate_size), down: linear(c.intermediate_size, width) },
        { up: 'ffn', down: 'ffn_output' },
      ),
      mlpNorm: layerNorm(width, c.layer_norm_eps),
    },
    {
      attention: 'attention',
      attentionNorm: 'attention.LayerNorm',
      mlp: '(mlp)',
      mlpNorm: 'full_layer_layer_norm',
    },
  );
}

/** Groups take turns in equal runs: layer i is group ⌊i · groups / layers⌋, applied anew. */
function encoder(c: Config) {
  const mapping = linear(c.embedding_size, c.hidden_size);
  const groups = Array.from({ length: c.num_hidden_groups }, () => {
    const layers = Array.from({ length: c.inner_group_num }, () => layer(c));
    return block('part', listed('albert_layers', layers), (trace, x) => trace.chain(x, ...layers));
  });
  const children = { embedding_hidden_mapping_in: mapping, ...listed('albert_layer_groups', groups) };
  return block('stack', children, (trace, x) => {
    x = trace.run(mapping, x);
    for (let i = 0; i < c.num_hidden_layers; i++) {
      x = trace.run(groups[Math.floor(i / (c.num_hidden_layers / c.num_hidden_groups))]!, x);
    }
    return x;
  });
}

function body(c: Config, pooler: Pooler): Encoder {
  const embeddings = bertEmbeddings({
    vocabulary: c.vocab_size,
    positions: c.max_position_embeddings,
    segments: c.type_vocab_size,
    width: c.embedding_size,
    epsilon: c.layer_norm_eps,
  });
  const stack = encoder(c);
  const dense = linear(c.hidden_size, c.hidden_size);
  const pooling = [{ op: 'firstToken' }, dense, { op: 'activation', activation: 'tanh' }] as const;
  const children = {
    embeddings: embeddings.block,
    encoder: stack,
    ...(pooler === 'none' ? {} : { pooler: dense }),
  };
  return {
    tokens: embeddings.tokens,
    pooling: pooler === 'forHead' ? pooling : [],
    block: block('model', children, (trace, ids, segments) => {
      const x = trace.run(stack, trace.run(embeddings.block, ids, segments));
      if (pooler === 'runs') trace.chain(x, ...pooling);
      return x;
    }),
  };
}

const model = encoderArchitecture('albert', body);

const language = (c: Config, encoder: Encoder): EncoderHeads => ({
  predictions: {
    head: maskedLanguageHead(
      {
        dense: linear(c.hidden_size, c.embedding_size),
        norm: layerNorm(c.embedding_size, c.layer_norm_eps),
        activation: c.hidden_act,
        tokens: encoder.tokens,
      },
      { dense: 'dense', norm: 'LayerNorm' },
      c.tie_word_embeddings,
    ),
    on: 'tokens',
  },
});
const sentenceOrder = linearHead('sop_classifier.classifier', 'pooled', labels);

export const albert = family({
  modelType: 'albert',
  keys,
  base: 'AlbertModel',
  initializerRange: (c) => c.initializer_range,
  check(c, checks) {
    const { num_hidden_groups, num_hidden_layers, inner_group_num } = c;
    checks.layers({ num_hidden_groups, inner_group_num });
    checks.layers({ num_hidden_layers, inner_group_num });
  },
  architectures: {
    AlbertModel: model('runs', () => ({})),
    AlbertForPreTraining: model('forHead', (c, encoder) => ({
      ...language(c, encoder),
      ...sentenceOrder(c),
    })),
    AlbertForMaskedLM: model('none', language),
    AlbertForSequenceClassification: model('forHead', linearHead('classifier', 'pooled', labels)),
    AlbertForMultipleChoice: model(
      'forHead',
      linearHead('classifier', 'pooled', () => 1),
    ),
    AlbertForTokenClassification: model('none', linearHead('classifier', 'tokens', labels)),
    AlbertForQuestionAnswering: model('none', linearHead('qa_outputs', 'tokens', labels)),
  },
});
