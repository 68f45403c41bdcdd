/** A stack of BART's kind: tokens and positions, then layers; and what configs of the kind say of it. */
import { activation, tie, type Common } from '../../config/common';
import { any, depth, flag, real, size, type Values } from '../../config/keys';
import { block, listed, type Chain } from '../../model/build';
import type { Attention, Block, Embedding, Module, Operation, Parameter } from '../../model/module';
import { embedding, layerNorm } from '../blocks/layers';
import { transformerLayer, type CrossAttention, type StackShape } from '../blocks/transformer';

/** Default sizes of a family: layers, feed-forward and heads of the encoder, then of the decoder. */
interface Sizes {
  readonly vocabulary: number;
  readonly width: number;
  readonly positions: number;
  readonly encoder: readonly [layers: number, intermediate: number, heads: number];
  readonly decoder: readonly [layers: number, intermediate: number, heads: number];
  readonly activation?: string;
  readonly scaleEmbedding?: boolean;
  /** Whether `init_std` is also read as `initializer_range`. */
  readonly initializerAlias?: boolean;
}

/** Keys that every family of the kind reads. */
export function bartKeys(d: Sizes) {
  return {
    vocab_size: size(d.vocabulary),
    d_model: size(d.width, { aliases: ['hidden_size'], role: 'width' }),
    encoder_layers: depth(d.encoder[0], { aliases: ['num_hidden_layers'] }),
    encoder_ffn_dim: size(d.encoder[1]),
    encoder_attention_heads: size(d.encoder[2], { aliases: ['num_attention_heads'] }),
    decoder_layers: depth(d.decoder[0]),
    decoder_ffn_dim: size(d.decoder[1]),
    decoder_attention_heads: size(d.decoder[2]),
    max_position_embeddings: size(d.positions),
    pad_token_id: any(),
    decoder_start_token_id: any(),
    activation_function: activation(d.activation ?? 'gelu'),
    scale_embedding: flag(d.scaleEmbedding ?? false),
    init_std: real(0.02, d.initializerAlias === true ? { aliases: ['initializer_range'] } : {}),
    tie_word_embeddings: tie(true),
  } as const;
}

export type BartConfig = Values<ReturnType<typeof bartKeys>> & Common;

/** What a stack reads. */
export type StackConfig = Pick<
  BartConfig,
  | 'vocab_size'
  | 'd_model'
  | `${'encoder' | 'decoder'}_${'layers' | 'ffn_dim' | 'attention_heads'}`
  | 'max_position_embeddings'
  | 'activation_function'
  | 'scale_embedding'
>;

/** How a family's stacks are laid out. */
export interface BartLayout {
  readonly norm: 'pre' | 'post';
  /** `layernorm_embedding`: after tokens and positions are summed, or in Blenderbot-small's decoder before. */
  readonly embeddingNorm: 'none' | 'sum' | 'decoderTokens';
  /** `layer_norm` after the last layer, or a norm of another name. */
  readonly finalNorm: boolean | string;
  /** A learned table with rows before position 0, a table of sinusoids, or sinusoids that no file holds. */
  readonly positions: { readonly table: 'learned' | 'fixed'; readonly offset: number } | 'sinusoids';
}

/** What a family may change of one stack. */
export interface StackOptions {
  readonly shape?: Partial<StackShape>;
  /** Rows of the token table and of the position table. */
  readonly vocabulary?: number;
  readonly rows?: number;
  /** The padding's id, after which `sinusoids` count. */
  readonly padding?: number;
  /** Padding is not counted by a table of positions either, and gets the row before the first (FSMT). */
  readonly skipsPadding?: true;
  /** Self attention of a layer, where it is not the Transformer's. */
  readonly attention?: (layer: number) => Attention;
  /** What ids pass first; the padding that it adds is taken away at the end. */
  readonly filling?: Operation;
  /** A block run once for the stack's layers, beside them (MVP's prompts). */
  readonly aside?: Readonly<Record<string, Block>>;
}

export interface Stack {
  readonly block: Block;
  readonly embedding: Embedding;
  readonly width: number;
}

/** tokens (+ scale) + positions → layers; ids [b, s] (and the encoder's output) → [b, s, width]. */
export function bartStack(
  c: StackConfig,
  layout: BartLayout,
  place: 'encoder' | 'decoder',
  cross: CrossAttention,
  shared: Parameter | undefined,
  options: StackOptions = {},
): Stack {
  const width = c.d_model;
  const encoder = place === 'encoder';
  const shape: StackShape = {
    width,
    heads: encoder ? c.encoder_attention_heads : c.decoder_attention_heads,
    intermediate: encoder ? c.encoder_ffn_dim : c.decoder_ffn_dim,
    activation: c.activation_function,
    norm: layout.norm,
    mask: { type: encoder ? 'full' : 'causal' },
    ...options.shape,
  };
  const layers = Array.from({ length: encoder ? c.encoder_layers : c.decoder_layers }, (_, layer) =>
    transformerLayer(shape, encoder ? 'encoder' : cross === 'runs' ? 'decoder' : 'self', cross, {
      ...(options.attention === undefined ? {} : { attention: options.attention(layer) }),
    }),
  );
  const vocabulary = shared?.shape[0] ?? options.vocabulary ?? c.vocab_size;
  const tokens = embedding('tokens', vocabulary, width, given(shared));
  const positions = positionsOf(
    layout,
    width,
    options.rows ?? c.max_position_embeddings,
    options.padding ?? 1,
  );
  const embeddingNorm = layout.embeddingNorm === 'none' ? undefined : layerNorm(width, 1e-5);
  const normsTokens = layout.embeddingNorm === 'decoderTokens' && !encoder;
  const finalNormName = typeof layout.finalNorm === 'string' ? layout.finalNorm : 'layer_norm';
  const finalNorm = layout.finalNorm !== false ? layerNorm(width, 1e-5) : undefined;
  const children: Record<string, Module> = { embed_tokens: tokens };
  if (!('op' in positions)) children['embed_positions'] = positions;
  Object.assign(children, listed('layers', layers));
  if (embeddingNorm !== undefined) children['layernorm_embedding'] = embeddingNorm;
  if (finalNorm !== undefined) children[finalNormName] = finalNorm;
  Object.assign(children, options.aside);
  // Where the tokens are normalised alone, the class leaves out their scale.
  const scale: Chain = c.scale_embedding && !normsTokens ? [{ op: 'scale', by: Math.sqrt(width) }] : [];
  const counting = options.skipsPadding && options.padding !== undefined ? { padding: options.padding } : {};
  const norms: Chain = embeddingNorm === undefined ? [] : [embeddingNorm];
  const { filling } = options;
  const stack = block('stack', children, (trace, given, memory) => {
    const ids = filling === undefined ? given : trace.run(filling, given);
    const looked = trace.chain(ids, tokens, ...scale, ...(normsTokens ? norms : []));
    const placed = trace.chain(
      ids,
      ...('op' in positions ? [positions] : [{ op: 'positions', ...counting } as const, positions]),
    );
    let x = trace.chain(trace.add(looked, placed), ...(normsTokens ? [] : norms));
    for (const aside of Object.values(options.aside ?? {})) trace.run(aside, ids);
    for (const layer of layers) x = cross === 'runs' ? trace.run(layer, x, memory) : trace.run(layer, x);
    if (finalNorm !== undefined) x = trace.run(finalNorm, x);
    return filling === undefined ? x : trace.run({ op: 'fitTokens' }, x, given);
  });
  return { block: stack, embedding: tokens, width };
}

function positionsOf(
  layout: BartLayout,
  width: number,
  rows: number,
  padding: number,
): Embedding | Operation {
  const { positions } = layout;
  if (positions === 'sinusoids') return { op: 'sinusoids', width, first: padding + 1, padding };
  const { offset, table } = positions;
  if (table === 'learned') return embedding('positions', rows + offset, width, { offset });
  return embedding('positions', rows, width, { weight: { shape: [rows, width], fixed: 'sinusoids' } });
}

function given(weight: Parameter | undefined): { readonly weight?: Parameter } {
  return weight === undefined ? {} : { weight };
}
