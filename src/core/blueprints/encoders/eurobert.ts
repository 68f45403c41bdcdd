/** EuroBERT (Boizard et al. 2025): Llama that looks both ways. */
import { activation, labels, tie, type Common } from '../../config/common';
import { depth, flag, optionalSize, real, size, text, type Values } from '../../config/keys';
import { block } from '../../model/build';
import type { Operation } from '../../model/module';
import { gatedMlp, headed, rotaryDecoder, vocabularyHead, type Decoder } from '../blocks/decoder';
import { linear } from '../blocks/layers';
import { rotaryKeys } from '../blocks/rotary';
import { family, tokenInput, type Blueprint } from '../family';

const keys = {
  vocab_size: size(128256),
  hidden_size: size(768, { role: 'width' }),
  intermediate_size: size(3072),
  num_hidden_layers: depth(12),
  num_attention_heads: size(12),
  num_key_value_heads: optionalSize({ role: 'keyValueHeads' }),
  head_dim: optionalSize(),
  hidden_act: activation('silu'),
  max_position_embeddings: size(8192),
  rms_norm_eps: real(1e-5),
  initializer_range: real(0.02),
  attention_bias: flag(false),
  mlp_bias: flag(false),
  classifier_pooling: text('late', ['bos', 'mean', 'late']),
  tie_word_embeddings: tie(false),
  ...rotaryKeys,
} as const;

type Config = Values<typeof keys> & Common;

const body = (c: Config): Decoder =>
  rotaryDecoder(c, {
    keyValueHeads: c.num_key_value_heads ?? c.num_attention_heads,
    mask: { type: 'full' },
    defaultTheta: 10000,
    attentionBias: c.attention_bias,
    feedForward: () => gatedMlp(c.hidden_size, c.intermediate_size, c.hidden_act, c.mlp_bias),
  });

const inputs = (c: Config) => tokenInput(c.max_position_embeddings);

/** The first token, the mean of all, or late: every token is classified, and the answers are averaged. */
function sequenceClassification(c: Config): Blueprint {
  const model = body(c);
  const dense = linear(c.hidden_size, c.hidden_size);
  const classifier = linear(c.hidden_size, labels(c));
  const pool: Operation = { op: c.classifier_pooling === 'bos' ? 'firstToken' : 'meanTokens' };
  const late = c.classifier_pooling === 'late';
  const root = block('model', { model: model.block, dense, classifier }, (trace, ids) =>
    trace.chain(
      ids,
      model.block,
      ...(late ? [] : [pool]),
      dense,
      { op: 'activation', activation: 'gelu' },
      classifier,
      ...(late ? [pool] : []),
    ),
  );
  return { root, inputs: inputs(c) };
}

export const eurobert = family({
  modelType: 'eurobert',
  keys,
  base: 'EuroBertModel',
  initializerRange: (c) => c.initializer_range,
  check: (c, checks) =>
    checks.multiple('hidden_size', c.hidden_size, 'num_attention_heads', c.num_attention_heads),
  architectures: {
    EuroBertModel: (c) => ({ root: { ...body(c).block, role: 'model' }, inputs: inputs(c) }),
    EuroBertForMaskedLM(c) {
      const model = body(c);
      const head = vocabularyHead(model, c.tie_word_embeddings, c.mlp_bias);
      return { root: headed('model', model, 'lm_head', head), inputs: inputs(c) };
    },
    EuroBertForSequenceClassification: sequenceClassification,
    EuroBertForTokenClassification: (c) => ({
      root: headed('model', body(c), 'classifier', linear(c.hidden_size, labels(c))),
      inputs: inputs(c),
    }),
  },
});
