/** BERT with rotary positions under Llama's names: Jina embeddings v3, Nomic BERT, GTE. */
import { labels, type Common } from '../../config/common';
import { optionalSize, size, type Values } from '../../config/keys';
import { listed } from '../../model/build';
import type { Mlp } from '../../model/module';
import { groupedQueryAttention } from '../blocks/attention';
import { encoderKeys, tanhPooler } from '../blocks/bert';
import { gatedMlp } from '../blocks/decoder';
import {
  bertEmbeddings,
  encoderArchitecture,
  likeInputs,
  linearHead,
  maskedLanguageHead,
  postNormLayer,
  type Encoder,
  type EncoderHeads,
  type Pooler,
} from '../blocks/encoder';
import { layerNorm, linear, mlp } from '../blocks/layers';
import { rotary, rotaryKeys } from '../blocks/rotary';
import { family } from '../family';
import { bertLanguage } from './bert';
import { robertaClasses } from './roberta';

function keysOf(defaults: Parameters<typeof encoderKeys>[0]) {
  return { ...encoderKeys(defaults), ...rotaryKeys, head_dim: optionalSize() } as const;
}

type Config = Values<ReturnType<typeof keysOf>> & Common;

/** norm(x + attention x), then norm(x + mlp x), each layer under the body itself. */
function body(
  c: Config,
  pooler: Pooler,
  own: { readonly theta: number; readonly bias: boolean; readonly mlp: () => Mlp },
): Encoder {
  const width = c.hidden_size;
  const headDim = c.head_dim ?? Math.floor(width / c.num_attention_heads);
  const angles = rotary(c, {
    dim: headDim,
    defaultTheta: own.theta,
    positions: c.max_position_embeddings,
  });
  const norm = () => layerNorm(width, c.layer_norm_eps);
  const layers = Array.from({ length: c.num_hidden_layers }, () =>
    postNormLayer(
      {
        attention: groupedQueryAttention(
          width,
          {
            heads: c.num_attention_heads,
            keyValueHeads: c.num_attention_heads,
            headDim,
            mask: { type: 'full' },
            position: { type: 'rotary', rotary: angles },
          },
          own.bias,
        ),
        attentionNorm: norm(),
        mlp: own.mlp(),
        mlpNorm: norm(),
      },
      {
        attention: 'self_attn',
        attentionNorm: 'post_attention_layernorm',
        mlp: 'mlp',
        mlpNorm: 'post_mlp_layernorm',
      },
    ),
  );
  const { tokens, block: embeddings } = bertEmbeddings({
    vocabulary: c.vocab_size,
    ...(c.type_vocab_size === 0 ? {} : { segments: c.type_vocab_size }),
    width,
    epsilon: c.layer_norm_eps,
  });
  const pooling = tanhPooler(width);
  const children = {
    embeddings,
    ...(pooler === 'none' ? {} : { pooler: pooling }),
    rotary_emb: angles,
    ...listed('layers', layers),
  };
  return {
    tokens,
    pooling: pooler === 'none' ? [] : [pooling],
    block: likeInputs('model', embeddings, children, (trace, inputs) => {
      const embedded = trace.run(embeddings, ...inputs);
      trace.run(angles, embedded);
      const x = trace.chain(embedded, ...layers);
      if (pooler === 'runs') trace.run(pooling, x);
      return x;
    }),
  };
}

const { JinaEmbeddingsV3ForMultipleChoice: _, ...jinaClasses } = robertaClasses(
  'JinaEmbeddingsV3',
  'roberta',
  (c: Config, pooler) =>
    body(c, pooler, {
      theta: 20000,
      bias: true,
      mlp: () =>
        mlp(
          c.hidden_act,
          {
            up: linear(c.hidden_size, c.intermediate_size),
            down: linear(c.intermediate_size, c.hidden_size),
          },
          { up: 'fc1', down: 'fc2' },
        ),
    }),
  { causal: false, headsFirst: true },
);

export const jinaEmbeddings = family({
  modelType: 'jina_embeddings_v3',
  keys: keysOf({
    vocabulary: 250002,
    width: 1024,
    layers: 24,
    heads: 16,
    intermediate: 4096,
    positions: 8194,
    segments: 1,
    epsilon: 1e-5,
  }),
  base: 'JinaEmbeddingsV3Model',
  initializerRange: (c) => c.initializer_range,
  architectures: jinaClasses,
});

/** The classes of Nomic BERT and GTE: a pooler only where sequences are classified. */
function poolingClasses(
  prefix: string,
  name: string,
  make: (c: Config, pooler: Pooler) => Encoder,
  language: (c: Config, encoder: Encoder) => EncoderHeads,
) {
  const model = encoderArchitecture(name, make);
  return {
    [`${prefix}Model`]: model('none', () => ({})),
    [`${prefix}ForMaskedLM`]: model('none', language),
    [`${prefix}ForSequenceClassification`]: model('forHead', linearHead('classifier', 'pooled', labels)),
    [`${prefix}ForTokenClassification`]: model('none', linearHead('classifier', 'tokens', labels)),
  };
}

export const nomicBert = family({
  modelType: 'nomic_bert',
  keys: keysOf({ vocabulary: 30528, activation: 'silu', positions: 2048 }),
  base: 'NomicBertModel',
  initializerRange: (c) => c.initializer_range,
  architectures: poolingClasses(
    'NomicBert',
    'nomic_bert',
    (c, pooler) =>
      body(c, pooler, {
        theta: 1000,
        bias: false,
        mlp: () => gatedMlp(c.hidden_size, c.intermediate_size, c.hidden_act),
      }),
    (c, encoder) => bertLanguage(c, encoder, 'transform.layer_norm'),
  ),
});

/** Gated as Llama's, with a bias at the end alone. */
function gteMlp(c: Config): Mlp {
  const { hidden_size: width, intermediate_size: inner } = c;
  return mlp(
    c.hidden_act,
    {
      gate: linear(width, inner, { bias: false }),
      up: linear(width, inner, { bias: false }),
      down: linear(inner, width),
    },
    { gate: 'gate_proj', up: 'up_proj', down: 'down_proj' },
  );
}

function gteLanguage(c: Config, { tokens }: Encoder): EncoderHeads {
  const head = maskedLanguageHead(
    {
      dense: linear(c.hidden_size, c.hidden_size),
      norm: layerNorm(c.hidden_size, c.layer_norm_eps),
      activation: 'gelu',
      tokens,
    },
    { dense: 'dense', norm: 'layer_norm', bias: 'own' },
    c.tie_word_embeddings,
  );
  return { lm_head: { head, on: 'tokens' } };
}

export const gte = family({
  modelType: 'gte',
  keys: {
    ...keysOf({ vocabulary: 250048, positions: 8192 }),
    // Zero: no table of segments at all.
    type_vocab_size: size(1, { min: 0 }),
  },
  base: 'GteModel',
  initializerRange: (c) => c.initializer_range,
  architectures: poolingClasses(
    'Gte',
    'gte',
    (c, pooler) => body(c, pooler, { theta: 160000, bias: true, mlp: () => gteMlp(c) }),
    gteLanguage,
  ),
});
