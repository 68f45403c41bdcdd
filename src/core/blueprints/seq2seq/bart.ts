/**
 * BART (Lewis et al. 2019) and its kin: a Transformer's encoder and decoder over one table of tokens, and the heads
 * that transformers puts on them. Families differ in where norms stand and where positions come from.
 */
import { activation, labels, tie, type Common } from '../../config/common';
import { depth, flag, real, size, type Keys, type Values } from '../../config/keys';
import { block, buffer, listed, type Chain } from '../../model/build';
import type { Block, Embedding, Linear, Module, ModelInput, Operation, Parameter } from '../../model/module';
import { embedding, layerNorm, linear } from '../blocks/layers';
import { transformerLayer, type CrossAttention, type StackShape } from '../blocks/transformer';
import { family, tokenInput, type Blueprint, type Family } from '../family';

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
  /** `layer_norm` after the last layer. */
  readonly finalNorm: boolean;
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
    ...options.shape,
  };
  const layers = Array.from({ length: encoder ? c.encoder_layers : c.decoder_layers }, () =>
    transformerLayer(shape, encoder ? 'encoder' : cross === 'runs' ? 'decoder' : 'self', cross),
  );
  const tokens = embedding('tokens', options.vocabulary ?? c.vocab_size, width, given(shared));
  const positions = positionsOf(
    layout,
    width,
    options.rows ?? c.max_position_embeddings,
    options.padding ?? 1,
  );
  const embeddingNorm = layout.embeddingNorm === 'none' ? undefined : layerNorm(width, 1e-5);
  const normsTokens = layout.embeddingNorm === 'decoderTokens' && !encoder;
  const finalNorm = layout.finalNorm ? layerNorm(width, 1e-5) : undefined;
  const children: Record<string, Module> = { embed_tokens: tokens };
  if (!('op' in positions)) children['embed_positions'] = positions;
  Object.assign(children, listed('layers', layers));
  if (embeddingNorm !== undefined) children['layernorm_embedding'] = embeddingNorm;
  if (finalNorm !== undefined) children['layer_norm'] = finalNorm;
  Object.assign(children, options.aside);
  const scale: Chain = c.scale_embedding ? [{ op: 'scale', by: Math.sqrt(width) }] : [];
  const norms: Chain = embeddingNorm === undefined ? [] : [embeddingNorm];
  const stack = block('stack', children, (trace, ids, memory) => {
    const looked = trace.chain(ids, tokens, ...scale, ...(normsTokens ? norms : []));
    const placed = trace.chain(
      ids,
      ...('op' in positions ? [positions] : [{ op: 'positions' } as const, positions]),
    );
    let x = trace.chain(trace.add(looked, placed), ...(normsTokens ? [] : norms));
    for (const aside of Object.values(options.aside ?? {})) trace.run(aside, ids);
    for (const layer of layers) x = cross === 'runs' ? trace.run(layer, x, memory) : trace.run(layer, x);
    return finalNorm === undefined ? x : trace.run(finalNorm, x);
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

/** Encoder, decoder and the table that both look tokens up in. */
export interface EncoderDecoder {
  readonly shared?: Embedding;
  readonly encoder: Stack;
  readonly decoder: Stack;
}

/** What is the family's own of a config: stacks, where they differ from the kind's. */
export interface BartFamily<K extends Keys> {
  readonly modelType: string;
  /** Of its classes: `Bart` in BartModel. */
  readonly prefix: string;
  readonly keys: K;
  readonly layout: BartLayout;
  readonly heads: readonly Head[];
  /** Of its class with a language head, where that is not ForConditionalGeneration. */
  readonly generation?: string;
  /** Labels where the config names none. */
  readonly labels?: number;
  /** What the classes with heads call the body; default `model`. */
  readonly body?: string;
  /** Whether the language head has `final_logits_bias`; default yes. */
  readonly logitsBias?: boolean;
  readonly stack?: (config: Values<K> & Common, place: 'encoder' | 'decoder', alone: boolean) => StackOptions;
  /** One table for both stacks, as tied embeddings have it; default yes. */
  readonly sharesTokens?: (config: Values<K>) => boolean;
  /** Longest sequences of the encoder and the decoder, where it is not `max_position_embeddings`. */
  readonly limits?: (config: Values<K>) => readonly [number | undefined, number | undefined];
}

export type Head = 'generation' | 'causal' | 'classification' | 'questions';

/** A family of the kind. */
export function bartFamily<K extends Keys>(own: BartFamily<K>): Family {
  type Config = Values<K> & BartConfig;
  const { prefix, layout } = own;
  const bodyName = own.body ?? 'model';
  const stacks = (c: Config): EncoderDecoder => {
    const tied = c.tie_word_embeddings;
    const has = own.sharesTokens?.(c) ?? true;
    const shared = embedding('tokens', c.vocab_size, c.d_model);
    const weight = has && tied ? shared.weight : undefined;
    const encoder = bartStack(c, layout, 'encoder', 'none', weight, own.stack?.(c, 'encoder', false));
    const decoder = bartStack(c, layout, 'decoder', 'runs', weight, own.stack?.(c, 'decoder', false));
    return { ...(has ? { shared } : {}), encoder, decoder };
  };
  const inputs = (c: Config): ModelInput[] => {
    const fallback = layout.positions === 'sinusoids' ? undefined : c.max_position_embeddings;
    const [encoder, decoder] = own.limits?.(c) ?? [fallback, fallback];
    return bothInputs(encoder, decoder);
  };
  const shorter = (both: readonly ModelInput[]): ModelInput[] => {
    const limits = both.map((input) => ('limit' in input ? input.limit : undefined) ?? Infinity);
    const least = Math.min(...limits);
    return tokenInput(Number.isFinite(least) ? least : undefined);
  };

  const generation = (c: Config): Blueprint => {
    const parts = stacks(c);
    const { embedding: table } = parts.decoder;
    const bias = own.logitsBias === false ? undefined : buffer(1, table.rows);
    const head = languageHead(table, c.tie_word_embeddings, bias);
    const body = encoderDecoder(parts);
    const root = block(
      'model',
      { [bodyName]: body, lm_head: head },
      (trace, ids, decoderIds) => trace.chain(trace.run(body, ids, decoderIds), head),
      bias === undefined ? {} : { final_logits_bias: bias },
    );
    return { root, inputs: inputs(c) };
  };
  const causal = (c: Config): Blueprint => {
    const { block: decoder, embedding: table } = bartStack(
      c,
      layout,
      'decoder',
      'idle',
      undefined,
      own.stack?.(c, 'decoder', true),
    );
    const weight = c.tie_word_embeddings ? { weight: table.weight } : {};
    const head = linear(c.d_model, c.vocab_size, { bias: false, ...weight });
    const root = block('model', { 'model.decoder': decoder, lm_head: head }, (trace, ids) =>
      trace.chain(ids, decoder, head),
    );
    return { root, inputs: tokenInput(own.limits?.(c)[1] ?? shorterLimit(inputs(c)[1]!)) };
  };
  /** Reads the decoder at the end-of-sequence token; the decoder's ids are the encoder's, shifted by one. */
  const classification = (c: Config): Blueprint => {
    const body = encoderDecoder(stacks(c));
    const head = classificationHead(c.d_model, labels(c, own.labels));
    const root = block('model', { [bodyName]: body, classification_head: head }, (trace, ids) =>
      trace.chain(trace.run(body, ids, ids), { op: 'lastToken' }, head),
    );
    return { root, inputs: shorter(inputs(c)) };
  };
  const questions = (c: Config): Blueprint => {
    const body = encoderDecoder(stacks(c));
    const head = linear(c.d_model, 2);
    const root = block('model', { [bodyName]: body, qa_outputs: head }, (trace, ids, decoderIds) =>
      trace.chain(trace.run(body, ids, decoderIds), head),
    );
    return { root, inputs: inputs(c) };
  };
  const made: Record<Head, [string, (c: Config) => Blueprint]> = {
    generation: [own.generation ?? `${prefix}ForConditionalGeneration`, generation],
    causal: [`${prefix}ForCausalLM`, causal],
    classification: [`${prefix}ForSequenceClassification`, classification],
    questions: [`${prefix}ForQuestionAnswering`, questions],
  };
  return family<K>({
    modelType: own.modelType,
    keys: own.keys,
    base: `${prefix}Model`,
    initializerRange: (c) => (c as unknown as BartConfig).init_std,
    check(values, checks) {
      const c = values as unknown as BartConfig;
      checks.multiple('d_model', c.d_model, 'encoder_attention_heads', c.encoder_attention_heads);
      checks.multiple('d_model', c.d_model, 'decoder_attention_heads', c.decoder_attention_heads);
    },
    architectures: {
      [`${prefix}Model`]: (c) => ({ root: encoderDecoder(stacks(c as Config)), inputs: inputs(c as Config) }),
      ...Object.fromEntries(own.heads.map((head) => made[head])),
    } as Record<string, (config: Values<K> & Common) => Blueprint>,
  });
}

function shorterLimit(input: ModelInput): number | undefined {
  return 'limit' in input ? input.limit : undefined;
}

/** ids and decoder ids → hidden states of the decoder. */
export function encoderDecoder({ shared, encoder, decoder }: EncoderDecoder): Block {
  const parts = { encoder: encoder.block, decoder: decoder.block };
  return block('model', shared === undefined ? parts : { shared, ...parts }, (trace, ids, decoderIds) =>
    trace.run(decoder.block, decoderIds, trace.run(encoder.block, ids)),
  );
}

export function bothInputs(encoder?: number, decoder?: number): ModelInput[] {
  return [
    ...tokenInput(encoder),
    {
      name: 'decoder_input_ids',
      type: 'tokens',
      stream: 'decoderTokens',
      ...(decoder === undefined ? {} : { limit: decoder }),
    },
  ];
}

/** [b, s, width] → [b, s, vocabulary]; its bias, if it has one, is a buffer that stands beside it in the model. */
function languageHead(table: Embedding, tied: boolean, bias: Parameter | undefined): Linear {
  const head = linear(table.width, table.rows, { bias: false, ...(tied ? { weight: table.weight } : {}) });
  return bias === undefined ? head : { ...head, bias };
}

/** out_proj(tanh(dense x)). */
export function classificationHead(width: number, count: number): Block {
  const dense = linear(width, width);
  const output = linear(width, count);
  return block('head', { dense, out_proj: output }, (trace, x) =>
    trace.chain(x, dense, { op: 'activation', activation: 'tanh' }, output),
  );
}
