/** BERT (Devlin et al. 2018), and the families that are it under other names: ERNIE, Megatron-BERT with norms first. */
import { labels, type Common } from '../../config/common';
import { flag, size } from '../../config/keys';
import {
  bertBody,
  bertKeys,
  bertLayer,
  bertTables,
  layerStack,
  poolerOf,
  bertChecks,
  type BertConfig,
  type EncoderConfig,
} from '../blocks/bert';
import {
  encoderArchitecture,
  linearHead,
  maskedLanguageHead,
  type Encoder,
  type EncoderHeads,
  type Pooler,
} from '../blocks/encoder';
import { layerNorm, linear } from '../blocks/layers';
import { family, type Blueprint } from '../family';

/** As many layers as the config says. */
export const layersOf = (c: EncoderConfig, own: Parameters<typeof bertLayer>[1] = {}) =>
  Array.from({ length: c.num_hidden_layers }, () => bertLayer(c, own));

/** Under `cls.predictions`: a transform, then the table of tokens again. */
export function bertLanguage(
  c: Pick<BertConfig, 'hidden_size' | 'hidden_act' | 'layer_norm_eps' | 'tie_word_embeddings'>,
  encoder: Encoder,
  norm = 'transform.LayerNorm',
): EncoderHeads {
  const head = maskedLanguageHead(
    {
      dense: linear(c.hidden_size, encoder.tokens.width),
      norm: layerNorm(encoder.tokens.width, c.layer_norm_eps),
      activation: c.hidden_act,
      tokens: encoder.tokens,
    },
    { dense: 'transform.dense', norm },
    c.tie_word_embeddings,
  );
  return { 'cls.predictions': { head, on: 'tokens' } };
}

/** The classes that BERT and its nearest kin have. */
export function bertClasses<C extends BertConfig>(
  prefix: string,
  name: string,
  causal: string,
  body: (config: C, pooler: Pooler) => Encoder,
): Record<string, (config: C & Common) => Blueprint> {
  const model = encoderArchitecture(name, body);
  const nextSentence = linearHead('cls.seq_relationship', 'pooled', () => 2);
  return {
    [`${prefix}Model`]: model('runs', () => ({})),
    [`${prefix}ForPreTraining`]: model('forHead', (c, encoder) => ({
      ...bertLanguage(c, encoder),
      ...nextSentence(c),
    })),
    [`${prefix}ForMaskedLM`]: model('none', bertLanguage),
    [causal]: model('none', bertLanguage),
    [`${prefix}ForNextSentencePrediction`]: model('forHead', nextSentence),
    [`${prefix}ForSequenceClassification`]: model('forHead', linearHead('classifier', 'pooled', labels)),
    [`${prefix}ForMultipleChoice`]: model(
      'forHead',
      linearHead('classifier', 'pooled', () => 1),
    ),
    [`${prefix}ForTokenClassification`]: model('none', linearHead('classifier', 'tokens', labels)),
    [`${prefix}ForQuestionAnswering`]: model('none', linearHead('qa_outputs', 'tokens', labels)),
  };
}

export const bert = family({
  modelType: 'bert',
  keys: bertKeys(),
  base: 'BertModel',
  initializerRange: (c) => c.initializer_range,
  check: bertChecks,
  architectures: bertClasses('Bert', 'bert', 'BertLMHeadModel', (c: BertConfig, pooler) =>
    bertBody({
      embeddings: bertTables(c),
      encoder: layerStack(layersOf(c)),
      ...poolerOf(c, pooler),
    }),
  ),
});

const ernieKeys = { ...bertKeys(), use_task_id: flag(false), task_type_vocab_size: size(3) } as const;

type ErnieConfig = BertConfig & { readonly use_task_id: boolean; readonly task_type_vocab_size: number };

/** A table of tasks, of which the first is meant where none is named. */
const tasks = (c: ErnieConfig) =>
  c.use_task_id ? { more: [{ name: 'task_type_embeddings', rows: c.task_type_vocab_size }] } : {};

export const ernie = family({
  modelType: 'ernie',
  keys: ernieKeys,
  base: 'ErnieModel',
  initializerRange: (c) => c.initializer_range,
  check: bertChecks,
  architectures: bertClasses('Ernie', 'ernie', 'ErnieForCausalLM', (c: ErnieConfig, pooler) =>
    bertBody({
      embeddings: bertTables(c, tasks(c)),
      encoder: layerStack(layersOf(c)),
      ...poolerOf(c, pooler),
    }),
  ),
});

/** Norms before attention and feed-forward, none on the embeddings, one after the last layer. */
export const megatronBert = family({
  modelType: 'megatron-bert',
  keys: bertKeys({ vocabulary: 29056, width: 1024, layers: 24, heads: 16, intermediate: 4096 }),
  base: 'MegatronBertModel',
  initializerRange: (c) => c.initializer_range,
  check: bertChecks,
  architectures: bertClasses('MegatronBert', 'bert', 'MegatronBertForCausalLM', (c: BertConfig, pooler) => {
    const names = { attention: 'attention', attentionNorm: 'attention.ln', mlp: '(mlp)', mlpNorm: 'ln' };
    return bertBody({
      embeddings: bertTables(c, { after: [] }),
      encoder: layerStack(layersOf(c, { names, norms: 'before' }), {
        after: { name: 'ln', module: layerNorm(c.hidden_size, c.layer_norm_eps) },
      }),
      ...poolerOf(c, pooler),
    });
  }),
});
