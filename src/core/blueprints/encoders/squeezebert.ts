/** SqueezeBERT (Iandola et al. 2020): BERT whose linear maps fall into groups. */
import { labels, type Common } from '../../config/common';
import { size, type Values } from '../../config/keys';
import { separateAttention } from '../blocks/attention';
import { bertBody, bertTables, encoderKeys, layerStack, poolerOf, wholeHeads } from '../blocks/bert';
import { encoderArchitecture, linearHead, postNormLayer } from '../blocks/encoder';
import { groupedLinear, layerNorm, mlp } from '../blocks/layers';
import { family } from '../family';
import { bertLanguage } from './bert';

const keys = {
  ...encoderKeys(),
  embedding_size: size(768),
  q_groups: size(4),
  k_groups: size(4),
  v_groups: size(4),
  post_attention_groups: size(1),
  intermediate_groups: size(4),
  output_groups: size(4),
} as const;

type Config = Values<typeof keys> & Common;

function layer(c: Config) {
  const { hidden_size: width, intermediate_size: inner } = c;
  return postNormLayer(
    {
      attention: separateAttention(
        {
          heads: c.num_attention_heads,
          headDim: Math.floor(width / c.num_attention_heads),
          mask: { type: 'full' },
        },
        {
          query: groupedLinear(width, width, c.q_groups),
          key: groupedLinear(width, width, c.k_groups),
          value: groupedLinear(width, width, c.v_groups),
          output: groupedLinear(width, width, c.post_attention_groups),
        },
        {
          query: 'attention.query',
          key: 'attention.key',
          value: 'attention.value',
          output: 'post_attention.conv1d',
        },
      ),
      // The class gives these norms no epsilon of the config.
      attentionNorm: layerNorm(width, 1e-12),
      mlp: mlp(
        c.hidden_act,
        {
          up: groupedLinear(width, inner, c.intermediate_groups),
          down: groupedLinear(inner, width, c.output_groups),
        },
        { up: 'intermediate.conv1d', down: 'output.conv1d' },
      ),
      mlpNorm: layerNorm(width, 1e-12),
    },
    {
      attention: '(attention)',
      attentionNorm: 'post_attention.layernorm',
      mlp: '(mlp)',
      mlpNorm: 'output.layernorm',
    },
  );
}

const model = encoderArchitecture('transformer', (c: Config, pooler) =>
  bertBody({
    embeddings: bertTables(c),
    encoder: layerStack(
      Array.from({ length: c.num_hidden_layers }, () => layer(c)),
      { name: 'layers' },
    ),
    ...poolerOf(c, pooler),
  }),
);

export const squeezebert = family({
  modelType: 'squeezebert',
  keys,
  base: 'SqueezeBertModel',
  initializerRange: (c) => c.initializer_range,
  check(c, checks) {
    wholeHeads(c, checks);
    checks.value('embedding_size', c.embedding_size, c.hidden_size);
    for (const key of ['q_groups', 'k_groups', 'v_groups', 'post_attention_groups'] as const) {
      checks.multiple('hidden_size', c.hidden_size, key, c[key]);
    }
    for (const key of ['intermediate_groups', 'output_groups'] as const) {
      checks.multiple('hidden_size', c.hidden_size, key, c[key]);
      checks.multiple('intermediate_size', c.intermediate_size, key, c[key]);
    }
  },
  architectures: {
    SqueezeBertModel: model('runs', () => ({})),
    SqueezeBertForMaskedLM: model('runs', bertLanguage),
    SqueezeBertForSequenceClassification: model('forHead', linearHead('classifier', 'pooled', labels)),
    SqueezeBertForMultipleChoice: model(
      'forHead',
      linearHead('classifier', 'pooled', () => 1),
    ),
    SqueezeBertForTokenClassification: model('runs', linearHead('classifier', 'tokens', labels)),
    SqueezeBertForQuestionAnswering: model('runs', linearHead('qa_outputs', 'tokens', labels)),
  },
});
