/** BERT's body (Devlin et al. 2018) in the variations of its kin: keys, attention, layers before or after their norms. */
import { activation, tie, type Common } from '../../config/common';
import { depth, flag, nullableSize, real, size, type Values } from '../../config/keys';
import { block, listed } from '../../model/build';
import type {
  Attention,
  Block,
  MaskPattern,
  Mlp,
  Module,
  Norm,
  Operation,
  PositionScheme,
} from '../../model/module';
import type { Checks } from '../family';
import { separateAttention } from './attention';
import {
  bertEmbeddings,
  likeInputs,
  postNormLayer,
  preNormLayer,
  type Embeddings,
  type Encoder,
  type LayerNames,
  type Named,
  type Pooler,
  type TableShape,
} from './encoder';
import { layerNorm, linear, mlp } from './layers';

/** Where a family's defaults differ from BERT's. */
interface Defaults {
  readonly vocabulary?: number;
  readonly width?: number;
  readonly layers?: number;
  readonly heads?: number;
  readonly intermediate?: number;
  readonly activation?: string;
  readonly positions?: number;
  readonly segments?: number;
  readonly epsilon?: number;
  readonly tied?: boolean;
}

/** Keys that BERT and its kin read, those that are encoders alone. */
export function encoderKeys(defaults: Defaults = {}) {
  return {
    vocab_size: size(defaults.vocabulary ?? 30522),
    hidden_size: size(defaults.width ?? 768, { role: 'width' }),
    num_hidden_layers: depth(defaults.layers ?? 12),
    num_attention_heads: size(defaults.heads ?? 12),
    intermediate_size: size(defaults.intermediate ?? 3072),
    hidden_act: activation(defaults.activation ?? 'gelu'),
    max_position_embeddings: size(defaults.positions ?? 512),
    type_vocab_size: size(defaults.segments ?? 2),
    layer_norm_eps: real(defaults.epsilon ?? 1e-12),
    initializer_range: real(0.02),
    tie_word_embeddings: tie(defaults.tied ?? true),
  } as const;
}

export type EncoderConfig = Values<ReturnType<typeof encoderKeys>> & Common;

/** Keys of families that may also be decoders. */
export function bertKeys(defaults: Defaults = {}) {
  return { ...encoderKeys(defaults), is_decoder: flag(false), add_cross_attention: flag(false) } as const;
}

export type BertConfig = Values<ReturnType<typeof bertKeys>> & Common;

/** The key of families whose positions start after the padding's (RoBERTa). */
export function padding(fallback: number) {
  return { pad_token_id: nullableSize(fallback, { min: 0 }) } as const;
}

export function paddedKeys(defaults: Defaults = {}) {
  return { ...bertKeys(defaults), ...padding(1) } as const;
}

export type PaddedConfig = Values<ReturnType<typeof paddedKeys>> & Common;

/** Heads divide the width. */
export function wholeHeads(c: Pick<BertConfig, 'hidden_size' | 'num_attention_heads'>, checks: Checks): void {
  checks.multiple('hidden_size', c.hidden_size, 'num_attention_heads', c.num_attention_heads);
}

/** Only a decoder attends to an encoder. */
export function decoderCrosses(
  c: Pick<BertConfig, 'is_decoder' | 'add_cross_attention'>,
  checks: Checks,
): void {
  if (!c.is_decoder) checks.value('add_cross_attention', c.add_cross_attention, false);
}

/** What the classes of BERT refuse. */
export function bertChecks(c: BertConfig, checks: Checks): void {
  wholeHeads(c, checks);
  decoderCrosses(c, checks);
}

/** What the attention of these families is made of. */
export type AttentionConfig = Pick<BertConfig, 'hidden_size' | 'num_attention_heads'> & {
  readonly is_decoder?: boolean;
};

/** Under `self.query` … `output.dense`; a decoder's is causal. */
export function bertAttention(
  c: AttentionConfig,
  place: Attention['place'] = 'self',
  options: { readonly bias?: boolean; readonly position?: PositionScheme; readonly mask?: MaskPattern } = {},
): Attention {
  const width = c.hidden_size;
  const headDim = Math.floor(width / c.num_attention_heads);
  const inner = c.num_attention_heads * headDim;
  const bias = options.bias ?? true;
  return separateAttention(
    {
      place,
      heads: c.num_attention_heads,
      headDim,
      mask: options.mask ?? { type: c.is_decoder === true && place === 'self' ? 'causal' : 'full' },
      ...(options.position === undefined ? {} : { position: options.position }),
    },
    {
      query: linear(width, inner, { bias }),
      key: linear(width, inner, { bias }),
      value: linear(width, inner, { bias }),
      output: linear(width, width),
    },
    { query: 'self.query', key: 'self.key', value: 'self.value', output: 'output.dense' },
  );
}

/** Under `intermediate.dense` and `output.dense`, beside the norms of its layer. */
export function bertMlp(c: Pick<BertConfig, 'hidden_size' | 'intermediate_size' | 'hidden_act'>): Mlp {
  const up = linear(c.hidden_size, c.intermediate_size);
  const down = linear(c.intermediate_size, c.hidden_size);
  return mlp(c.hidden_act, { up, down }, { up: 'intermediate.dense', down: 'output.dense' });
}

/** What checkpoints of BERT call the parts of a layer. */
export const BERT_LAYER: LayerNames = {
  attention: 'attention',
  attentionNorm: 'attention.output.LayerNorm',
  mlp: '(mlp)',
  mlpNorm: 'output.LayerNorm',
};

interface LayerConfig extends AttentionConfig {
  readonly intermediate_size: number;
  readonly hidden_act: string;
  readonly layer_norm_eps: number;
  readonly add_cross_attention?: boolean;
}

/**
 * One layer, norms after the residual sums or, with `norms: 'before'`, before attention and feed-forward.
 *
 * Cross attention has parameters, and runs only when an encoder's states are given.
 */
export function bertLayer(
  c: LayerConfig,
  own: {
    readonly names?: LayerNames;
    readonly norms?: 'before' | 'after';
    readonly attention?: (place: Attention['place']) => Attention;
    readonly mlp?: Mlp;
  } = {},
): Block {
  const names = own.names ?? BERT_LAYER;
  const attention = own.attention ?? ((place: Attention['place']) => bertAttention(c, place));
  const norm = (): Norm => layerNorm(c.hidden_size, c.layer_norm_eps);
  const cross: Record<string, Module> =
    c.add_cross_attention === true
      ? {
          crossattention: attention('cross'),
          [names.attentionNorm.replace('attention', 'crossattention')]: norm(),
        }
      : {};
  const parts = {
    attention: attention('self'),
    attentionNorm: norm(),
    mlp: own.mlp ?? bertMlp(c),
    mlpNorm: norm(),
  };
  return (own.norms === 'before' ? preNormLayer : postNormLayer)(parts, names, cross);
}

/** Layers one after the other, between what the stack itself holds before and after them. */
export function layerStack(
  layers: readonly Block[],
  own: {
    readonly before?: Named;
    readonly after?: Named;
    /** Tables that the layers' attention reads. */
    readonly held?: Named;
    readonly name?: string;
  } = {},
): Block {
  const { before, after, held } = own;
  const children = {
    ...named(held),
    ...named(before),
    ...listed(own.name ?? 'layer', layers),
    ...named(after),
  };
  return block('stack', children, (trace, x) =>
    trace.chain(x, ...modules(before), ...layers, ...modules(after)),
  );
}

/** A pooler's matrix on the first token, under `pooler.dense`. */
export function tanhPooler(width: number, name = 'dense'): Block {
  const dense = linear(width, width);
  return block('pooler', { [name]: dense }, (trace, x) =>
    trace.chain(x, { op: 'firstToken' }, dense, { op: 'activation', activation: 'tanh' }),
  );
}

/** Embeddings, layers, pooler: what the embeddings take → [b, s, width]. */
export function bertBody(parts: {
  readonly embeddings: Embeddings;
  readonly encoder: Block;
  /** Between embeddings and encoder: a projection to the layers' width. */
  readonly before?: Named;
  /** After the encoder: a norm. */
  readonly after?: Named;
  /** Left out where the class has none. */
  readonly pooler?: { readonly block: Block; readonly runs: boolean; readonly name?: string };
  /** What ids pass first; the padding that it adds is taken away at the end. */
  readonly padding?: Operation;
  /** Default `encoder`. */
  readonly encoderName?: string;
}): Encoder {
  const { embeddings, encoder, before, after, pooler, padding } = parts;
  const children = {
    embeddings: embeddings.block,
    ...named(before),
    [parts.encoderName ?? 'encoder']: encoder,
    ...named(after),
    ...(pooler === undefined ? {} : { [pooler.name ?? 'pooler']: pooler.block }),
  };
  const block = likeInputs('model', embeddings.block, children, (trace, inputs) => {
    const given = padding === undefined ? inputs : inputs.map((ids) => trace.run(padding, ids));
    const embedded = trace.run(embeddings.block, ...given);
    const x = trace.chain(embedded, ...modules(before), encoder, ...modules(after));
    if (pooler?.runs === true) trace.run(pooler.block, x);
    return padding === undefined ? x : trace.run({ op: 'fitTokens' }, x, inputs[0]!);
  });
  return { block, tokens: embeddings.tokens, pooling: pooler === undefined ? [] : [pooler.block] };
}

const named = (part: Named | undefined): Record<string, Module> =>
  part === undefined ? {} : { [part.name]: part.module };

const modules = (part: Named | undefined): Module[] => (part === undefined ? [] : [part.module]);

type TableKeys = Pick<
  BertConfig,
  'vocab_size' | 'hidden_size' | 'max_position_embeddings' | 'type_vocab_size' | 'layer_norm_eps'
>;

/** BERT's tables, with what a family has otherwise. */
export function bertTables(c: TableKeys, own: Partial<TableShape> = {}): Embeddings {
  return bertEmbeddings({
    vocabulary: c.vocab_size,
    positions: c.max_position_embeddings,
    segments: c.type_vocab_size,
    width: c.hidden_size,
    epsilon: c.layer_norm_eps,
    ...own,
  });
}

/** The pooler of a class, as `Pooler` says. */
export function poolerOf(c: { readonly hidden_size: number }, pooler: Pooler, name?: string) {
  return pooler === 'none'
    ? {}
    : { pooler: { block: tanhPooler(c.hidden_size, name), runs: pooler === 'runs' } };
}
