/**
 * BART (Lewis et al. 2019) and its kin: a Transformer's encoder and decoder over one table of tokens, and the heads
 * that transformers puts on them. Families differ in where norms stand and where positions come from.
 */
import { labels, type Common } from '../../config/common';
import type { Keys, Values } from '../../config/keys';
import { block, buffer } from '../../model/build';
import type { Block, Embedding, Linear, ModelInput, Parameter } from '../../model/module';
import { embedding, linear } from '../blocks/layers';
import { family, tokenInput, type Blueprint, type Checks, type Family } from '../family';
import { bartStack, type BartConfig, type BartLayout, type Stack, type StackOptions } from './bartStack';

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
  /** What the decoder starts with where it is given nothing: a token, or the input's last one; default a token. */
  readonly starts?: 'token' | 'last';
  readonly sharesTokens?: (config: Values<K>) => boolean;
  /** Whether the head of a decoder that stands alone is ever tied; default yes. */
  readonly tiesCausalHead?: false;
  /** What its classes refuse besides heads that do not divide the width. */
  readonly check?: (config: Values<K>, checks: Checks) => void;
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
    const tied = c.tie_word_embeddings && own.tiesCausalHead !== false;
    const weight = tied ? { weight: table.weight } : {};
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
    const shift = { op: 'shiftRight', start: startOf(c, own.starts) } as const;
    const root = block('model', { [bodyName]: body, classification_head: head }, (trace, ids) =>
      trace.chain(trace.run(body, ids, trace.run(shift, ids)), { op: 'lastToken' }, head),
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
      own.check?.(values, checks);
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

/** The decoder's first id, where its others are the encoder's. */
function startOf(
  c: Common & object,
  starts: 'token' | 'last' = 'token',
): number | { readonly lastBut: number } {
  const { decoder_start_token_id: start, pad_token_id: padding } = c as Record<string, unknown>;
  if (starts === 'last') return { lastBut: typeof padding === 'number' ? padding : 1 };
  return typeof start === 'number' ? start : 2;
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
