/** XLM (Lample & Conneau 2019) and FlauBERT (Le et al. 2020): an encoder whose parts stand in lists of their own. */
import { labels, tie, type Common } from '../../config/common';
import { depth, flag, real, size, type Keys, type Values } from '../../config/keys';
import { block, listed } from '../../model/build';
import type { Module, Wire } from '../../model/module';
import type { Trace } from '../../model/build';
import { separateAttention } from '../blocks/attention';
import type { Decoder } from '../blocks/decoder';
import { embedding, layerNorm, linear, mlp } from '../blocks/layers';
import { postNorm, sequential } from '../blocks/residual';
import { summary, summaryKeys } from '../blocks/summary';
import { family, type Family } from '../family';
import { biasedOutput, gptArchitectures, linearHead, TOKEN, type Head } from './heads';

const keys = {
  vocab_size: size(30145, { aliases: ['n_words'] }),
  emb_dim: size(2048, { aliases: ['hidden_size'], role: 'width' }),
  n_layers: depth(12, { aliases: ['num_hidden_layers'] }),
  n_heads: size(16, { aliases: ['num_attention_heads'] }),
  gelu_activation: flag(true),
  sinusoidal_embeddings: flag(false),
  causal: flag(false),
  n_langs: size(1),
  use_lang_emb: flag(true),
  max_position_embeddings: size(512),
  layer_norm_eps: real(1e-12),
  init_std: real(0.02),
  is_encoder: flag(true),
  tie_word_embeddings: tie(true),
  ...summaryKeys('first'),
} as const;

type Config = Values<typeof keys> & Common;

function body(c: Config, norms: 'before' | 'after'): Decoder {
  const width = c.emb_dim;
  const norm = () => layerNorm(width, c.layer_norm_eps);
  const each = <M>(make: () => M): M[] => Array.from({ length: c.n_layers }, make);
  const square = () => linear(width, width);
  const attentions = each(() =>
    separateAttention(
      {
        heads: c.n_heads,
        headDim: Math.floor(width / c.n_heads),
        mask: { type: c.causal ? 'causal' : 'full' },
      },
      { query: square(), key: square(), value: square(), output: square() },
      { query: 'q_lin', key: 'k_lin', value: 'v_lin', output: 'out_lin' },
    ),
  );
  const feedForwards = each(() =>
    mlp(
      c.gelu_activation ? 'gelu' : 'relu',
      { up: linear(width, 4 * width), down: linear(4 * width, width) },
      { up: 'lin1', down: 'lin2' },
    ),
  );
  const [first, second, embedded] = [each(norm), each(norm), norm()];
  const positions = embedding('positions', c.max_position_embeddings, width);
  const tokens = embedding('tokens', c.vocab_size, width);
  // Run only when the caller says which language each token is of.
  const languages: Record<string, Module> =
    c.n_langs > 1 && c.use_lang_emb ? { lang_embeddings: embedding('segments', c.n_langs, width) } : {};
  const children = {
    position_embeddings: positions,
    ...languages,
    embeddings: tokens,
    layer_norm_emb: embedded,
    ...listed('attentions', attentions),
    ...listed('layer_norm1', first),
    ...listed('ffns', feedForwards),
    ...listed('layer_norm2', second),
  };
  const layer = (trace: Trace, x: Wire, i: number): Wire =>
    norms === 'before'
      ? sequential(trace, x, [first[i]!, attentions[i]!], [second[i]!, feedForwards[i]!])
      : postNorm(trace, x, [attentions[i]!, first[i]!], [feedForwards[i]!, second[i]!]);
  const stack = block('stack', children, (trace, ids) => {
    const placed = trace.chain(ids, { op: 'positions' }, positions);
    let x = trace.run(embedded, trace.add(trace.run(tokens, ids), placed));
    for (let i = 0; i < c.n_layers; i++) x = layer(trace, x, i);
    return x;
  });
  return { block: stack, embedding: tokens, width };
}

const HEADS: readonly Head<Config>[] = [
  { suffix: 'ForSequenceClassification', make: (width, c) => summary(width, c) },
  TOKEN,
  linearHead('ForQuestionAnsweringSimple', 'qa_outputs', labels),
  {
    suffix: 'ForMultipleChoice',
    make(width, c) {
      const read = summary(width, c);
      const choice = linear(labels(c), 1);
      return { children: { ...read.children, logits_proj: choice }, run: [...read.run, choice] };
    },
  },
];

function xlmLike<K extends Keys>(
  modelType: string,
  prefix: string,
  own: K,
  norms: (c: Config & Values<K>) => 'before' | 'after',
): Family {
  const all = { ...keys, ...own };
  return family({
    modelType,
    keys: all,
    base: `${prefix}Model`,
    initializerRange: (c: Config & Values<K>) => c.init_std,
    check(c: Config & Values<K>, checks) {
      checks.multiple('emb_dim', c.emb_dim, 'n_heads', c.n_heads);
      // Decoders are not written in the class.
      if (!c.is_encoder) checks.only('is_encoder', 'true', 'false');
    },
    architectures: gptArchitectures<Config & Values<K>>(prefix, {
      name: 'transformer',
      body: (c) => body(c, norms(c)),
      limit: (c) => c.max_position_embeddings,
      heads: HEADS,
      languageModel: 'WithLMHeadModel',
      languageHead: 'pred_layer.proj',
      output: biasedOutput,
    }),
  });
}

export const xlm = xlmLike('xlm', 'XLM', {}, () => 'after');
export const flaubert = xlmLike('flaubert', 'Flaubert', { pre_norm: flag(false) }, (c) =>
  c.pre_norm ? 'before' : 'after',
);
