/** RoBERTa (Liu et al. 2019): BERT with positions from the padding's on, and its own head; its kin under other names. */
import { labels, type Common } from '../../config/common';
import {
  bertBody,
  bertLayer,
  bertTables,
  layerStack,
  paddedKeys,
  poolerOf,
  bertChecks,
  type PaddedConfig,
} from '../blocks/bert';
import {
  encoderArchitecture,
  firstTokenClassifier,
  linearHead,
  maskedLanguageHead,
  type Encoder,
  type EncoderHeads,
  type LayerNames,
  type Pooler,
} from '../blocks/encoder';
import { layerNorm, linear } from '../blocks/layers';
import { family, type Blueprint, type Family } from '../family';

/** Padding is not counted as a position, where there is one. */
export function padded({ pad_token_id: padding }: Pick<PaddedConfig, 'pad_token_id'>) {
  return typeof padding === 'number' ? { padding } : {};
}

/** Under `lm_head`: always gelu, whatever the layers use. */
export function robertaLanguage(
  c: { readonly hidden_size: number; readonly layer_norm_eps: number; readonly tie_word_embeddings: boolean },
  encoder: Encoder,
): EncoderHeads {
  const head = maskedLanguageHead(
    {
      dense: linear(c.hidden_size, c.hidden_size),
      norm: layerNorm(c.hidden_size, c.layer_norm_eps),
      activation: 'gelu',
      tokens: encoder.tokens,
    },
    { dense: 'dense', norm: 'layer_norm' },
    c.tie_word_embeddings,
  );
  return { lm_head: { head, on: 'tokens' } };
}

interface HeadKeys {
  readonly hidden_size: number;
  readonly max_position_embeddings: number;
  readonly layer_norm_eps: number;
  readonly tie_word_embeddings: boolean;
}

/** The classes that RoBERTa and its kin have. */
export function robertaClasses<C extends HeadKeys & Common>(
  prefix: string,
  name: string,
  body: (config: C, pooler: Pooler) => Encoder,
  own: { readonly causal?: boolean; readonly headsFirst?: boolean } = {},
): Record<string, (config: C & Common) => Blueprint> {
  const model = encoderArchitecture(name, body);
  const language = encoderArchitecture(name, body, own.headsFirst === true ? 'heads first' : 'body first');
  return {
    [`${prefix}Model`]: model('runs', () => ({})),
    ...(own.causal === false ? {} : { [`${prefix}ForCausalLM`]: language('none', robertaLanguage) }),
    [`${prefix}ForMaskedLM`]: language('none', robertaLanguage),
    [`${prefix}ForSequenceClassification`]: model('none', firstTokenClassifier('classifier', 'tanh')),
    [`${prefix}ForMultipleChoice`]: model(
      'forHead',
      linearHead('classifier', 'pooled', () => 1),
    ),
    [`${prefix}ForTokenClassification`]: model('none', linearHead('classifier', 'tokens', labels)),
    [`${prefix}ForQuestionAnswering`]: model('none', linearHead('qa_outputs', 'tokens', labels)),
  };
}

interface Norms {
  readonly names: LayerNames;
  /** The embeddings' own. */
  readonly embeddings: boolean;
  /** After the last layer: in the encoder, or in the body. */
  readonly last: { readonly in: 'encoder' | 'body'; readonly name: string };
}

/** @param norms where they stand when they come before attention and feed-forward; after them, where left out. */
function body(norms?: Norms) {
  return (c: PaddedConfig, pooler: Pooler): Encoder => {
    const offset = (c.pad_token_id ?? -1) + 1;
    const own = norms === undefined ? {} : ({ names: norms.names, norms: 'before' } as const);
    const layers = Array.from({ length: c.num_hidden_layers }, () => bertLayer(c, own));
    const last = norms && {
      name: norms.last.name,
      module: layerNorm(c.hidden_size, c.layer_norm_eps),
    };
    const encoder = layerStack(layers, last && norms.last.in === 'encoder' ? { after: last } : {});
    return {
      ...bertBody({
        embeddings: bertTables(c, {
          offset,
          ...padded(c),
          ...(norms?.embeddings === false ? { after: [] } : {}),
        }),
        encoder,
        ...(last && norms.last.in === 'body' ? { after: last } : {}),
        ...poolerOf(c, pooler),
      }),
      limit: c.max_position_embeddings - offset,
    };
  };
}

function roberta(
  modelType: string,
  prefix: string,
  name: string,
  own: {
    readonly keys?: ReturnType<typeof paddedKeys>;
    readonly norms?: Norms;
    readonly causal?: boolean;
    readonly headsFirst?: boolean;
  } = {},
): Family {
  return family({
    modelType,
    keys: own.keys ?? paddedKeys(),
    base: `${prefix}Model`,
    initializerRange: (c) => c.initializer_range,
    check: bertChecks,
    architectures: robertaClasses(prefix, name, body(own.norms), own),
  });
}

const large = paddedKeys({ vocabulary: 50265 });

export const robertas: readonly Family[] = [
  roberta('roberta', 'Roberta', 'roberta', { keys: large }),
  roberta('xlm-roberta', 'XLMRoberta', 'roberta', { headsFirst: true }),
  roberta('camembert', 'Camembert', 'roberta', { headsFirst: true }),
  roberta('data2vec-text', 'Data2VecText', 'data2vec_text'),
  roberta('roberta-prelayernorm', 'RobertaPreLayerNorm', 'roberta_prelayernorm', {
    keys: large,
    norms: {
      names: {
        attention: 'attention',
        attentionNorm: 'attention.LayerNorm',
        mlp: '(mlp)',
        mlpNorm: 'intermediate.LayerNorm',
      },
      embeddings: true,
      last: { in: 'body', name: 'LayerNorm' },
    },
  }),
  roberta('xlm-roberta-xl', 'XLMRobertaXL', 'roberta', {
    keys: paddedKeys({
      vocabulary: 250880,
      width: 2560,
      layers: 36,
      heads: 32,
      intermediate: 10240,
      positions: 514,
      segments: 1,
      epsilon: 1e-5,
    }),
    norms: {
      names: {
        attention: 'attention',
        attentionNorm: 'attention.self_attn_layer_norm',
        mlp: '(mlp)',
        mlpNorm: 'LayerNorm',
      },
      embeddings: false,
      last: { in: 'encoder', name: 'LayerNorm' },
    },
  }),
];
