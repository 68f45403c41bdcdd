/** FNet (Lee-Thorp et al. 2021): BERT with Fourier transforms in the place of attention. */
import { labels, type Common } from '../../config/common';
import type { Values } from '../../config/keys';
import { block } from '../../model/build';
import { BERT_LAYER, bertBody, bertMlp, bertTables, encoderKeys, layerStack, poolerOf } from '../blocks/bert';
import { encoderArchitecture, linearHead, postNormLayer, type EncoderHeads } from '../blocks/encoder';
import { layerNorm, linear } from '../blocks/layers';
import { family } from '../family';
import { bertLanguage } from './bert';

const { num_attention_heads: _, ...keys } = encoderKeys({
  vocabulary: 32000,
  activation: 'gelu_new',
  segments: 4,
});

type Config = Values<typeof keys> & Common;

const names = { ...BERT_LAYER, attention: 'fourier', attentionNorm: 'fourier.output.LayerNorm' };

function layer(c: Config) {
  const norm = () => layerNorm(c.hidden_size, c.layer_norm_eps);
  const mixing = block('part', {}, (trace, x) => trace.run({ op: 'fourier' }, x));
  return postNormLayer({ attention: mixing, attentionNorm: norm(), mlp: bertMlp(c), mlpNorm: norm() }, names);
}

const model = encoderArchitecture('fnet', (c: Config, pooler) => {
  const after = [
    { name: 'LayerNorm', module: layerNorm(c.hidden_size, c.layer_norm_eps) },
    { name: 'projection', module: linear(c.hidden_size, c.hidden_size) },
  ];
  return bertBody({
    embeddings: bertTables(c, { after }),
    encoder: layerStack(Array.from({ length: c.num_hidden_layers }, () => layer(c))),
    ...poolerOf(c, pooler),
  });
});

const nextSentence = linearHead('cls.seq_relationship', 'pooled', () => 2);
const pretraining = (c: Config, encoder: Parameters<typeof bertLanguage>[1]): EncoderHeads => ({
  ...bertLanguage(c, encoder),
  ...nextSentence(c),
});

export const fnet = family({
  modelType: 'fnet',
  keys,
  base: 'FNetModel',
  initializerRange: (c) => c.initializer_range,
  architectures: {
    FNetModel: model('runs', () => ({})),
    FNetForPreTraining: model('forHead', pretraining),
    FNetForMaskedLM: model('runs', bertLanguage),
    FNetForNextSentencePrediction: model('forHead', nextSentence),
    FNetForSequenceClassification: model('forHead', linearHead('classifier', 'pooled', labels)),
    FNetForMultipleChoice: model(
      'forHead',
      linearHead('classifier', 'pooled', () => 1),
    ),
    FNetForTokenClassification: model('runs', linearHead('classifier', 'tokens', labels)),
    FNetForQuestionAnswering: model('runs', linearHead('qa_outputs', 'tokens', labels)),
  },
});
