/** ConvBERT (Jiang et al. 2020): ELECTRA with half of each layer's heads replaced by convolutions of spans. */
import { labels, type Common } from '../../config/common';
import { size, type Values } from '../../config/keys';
import { block, parameter } from '../../model/build';
import type { Attention, Linear, Mlp } from '../../model/module';
import { separateAttention } from '../blocks/attention';
import {
  bertBody,
  bertKeys,
  bertLayer,
  bertMlp,
  bertTables,
  decoderCrosses,
  layerStack,
} from '../blocks/bert';
import { encoderArchitecture, firstTokenClassifier, linearHead } from '../blocks/encoder';
import { convolution, linear, mlp } from '../blocks/layers';
import { summaryKeys } from '../blocks/summary';
import { family } from '../family';
import { generatorHead, projected, summaryChoice } from './electra';

const keys = {
  ...bertKeys(),
  embedding_size: size(768),
  head_ratio: size(2),
  conv_kernel_size: size(9),
  num_groups: size(1),
  ...summaryKeys('last', { at: false, toLabels: false }),
} as const;

type Config = Values<typeof keys> & Common;

/** Heads that attend; at least one. */
const attending = (c: Config) => Math.max(1, Math.floor(c.num_attention_heads / c.head_ratio));

function attention(c: Config, place: Attention['place']): Attention {
  const width = c.hidden_size;
  const heads = attending(c);
  const headDim = Math.floor(Math.floor(width / heads) / 2);
  const inner = heads * headDim;
  const taps = c.conv_kernel_size;
  const attended = separateAttention(
    { place, heads, headDim, mask: { type: 'full' } },
    {
      query: linear(width, inner),
      key: linear(width, inner),
      value: linear(width, inner),
      output: linear(width, width),
    },
    { query: 'self.query', key: 'self.key', value: 'self.value', output: 'output.dense' },
  );
  const span = {
    depthwise: convolution(width, width, [taps], {
      padding: [Math.floor(taps / 2)],
      groups: width,
      bias: false,
    }),
    pointwise: convolution(width, inner, [1], { bias: false }),
    bias: parameter(inner, 1),
    kernel: linear(inner, heads * taps),
    values: linear(width, inner),
  };
  const { depthwise, pointwise, bias, kernel, values } = span;
  const separable = block(
    'part',
    { depthwise, pointwise },
    (trace, x) => trace.chain(x, depthwise, pointwise),
    { bias },
  );
  return {
    ...attended,
    spanConvolution: span,
    children: {
      ...attended.children,
      'self.key_conv_attn_layer': separable,
      'self.conv_kernel_layer': kernel,
      'self.conv_out_layer': values,
    },
  };
}

/** Weight [groups, inputs / groups, outputs / groups]. */
function grouped(inputs: number, outputs: number, groups: number): Linear {
  const weight = parameter(groups, Math.floor(inputs / groups), Math.floor(outputs / groups));
  return { ...linear(inputs, outputs, { weight }), groups };
}

function feedForward(c: Config): Mlp {
  if (c.num_groups === 1) return bertMlp(c);
  const { hidden_size: width, intermediate_size: inner, num_groups: groups } = c;
  return mlp(
    c.hidden_act,
    { up: grouped(width, inner, groups), down: grouped(inner, width, groups) },
    { up: 'intermediate.dense', down: 'output.dense' },
  );
}

const model = encoderArchitecture('convbert', (c: Config) =>
  bertBody({
    embeddings: bertTables({ ...c, hidden_size: c.embedding_size }),
    ...projected(c),
    encoder: layerStack(
      Array.from({ length: c.num_hidden_layers }, () =>
        bertLayer(c, { attention: (place) => attention(c, place), mlp: feedForward(c) }),
      ),
    ),
  }),
);

export const convBert = family({
  modelType: 'convbert',
  keys,
  base: 'ConvBertModel',
  initializerRange: (c) => c.initializer_range,
  check(c, checks) {
    decoderCrosses(c, checks);
    checks.multiple('hidden_size', c.hidden_size, 'num_attention_heads', attending(c));
  },
  architectures: {
    ConvBertModel: model('none', () => ({})),
    ConvBertForMaskedLM: model('none', generatorHead),
    ConvBertForSequenceClassification: model(
      'none',
      firstTokenClassifier('classifier', (c) => c.hidden_act),
    ),
    ConvBertForMultipleChoice: model('none', (c) => summaryChoice(c)),
    ConvBertForTokenClassification: model('none', linearHead('classifier', 'tokens', labels)),
    ConvBertForQuestionAnswering: model('none', linearHead('qa_outputs', 'tokens', labels)),
  },
});
