/** A run's input as the values that the model's forward pass takes. */
import type { Attention, Embedding, Model, ModelInput, Module, Stream } from '../../core/model/module';
import type { RunInput, Token, TokenizerOrigin } from '../../protocol/run';
import { RunFailure } from '../failure';
import { testPicture, testVideo } from '../picture';
import { findModule } from '../plan';
import { secondsOf, testSound } from '../sound';
import { ids, type Value } from '../tensor';
import { openTokenizer } from './folder';
import { CODE_POINTS, characterTokenizer } from './characters';
import { byteTokenizer, type Encoded, type TextTokenizer } from './tokenizer';

export interface PreparedInput {
  /** In the order of `model.inputs`. */
  readonly values: readonly Value[];
  readonly tokenizer: TokenizerOrigin;
  /** Absent where no text goes into the first stream: a picture or a sound does. */
  readonly tokens?: readonly Token[];
  readonly decoderTokens?: readonly Token[];
  /** Of the sound that is given. */
  readonly seconds?: number;
  /** The vocabulary has fewer than 256 rows: ids are bytes modulo its size. */
  readonly folded: boolean;
}

/** Characters of text: some ten times what the largest map that fits in memory has tokens. */
const LONGEST_TEXT = 100_000;

/**
 * Tokenises the input. Rejects as `tokenizer` what has no ids in the vocabulary, and as `tooLong` what has more tokens
 * than the model has positions.
 *
 * @param decoderStart the id that a decoder's sequence begins with (decoder_start_token_id).
 */
export async function prepareInput(
  model: Model,
  input: RunInput,
  folder: string | undefined,
  decoderStart?: number,
): Promise<PreparedInput> {
  const sound = model.inputs.find((own) => own.type === 'sound');
  const heard = sound === undefined ? {} : { seconds: secondsOf(sound) };
  if (!model.inputs.some(({ type }) => type === 'tokens')) {
    return { values: model.inputs.map((own) => sensed(own)), tokenizer: 'none', folded: false, ...heard };
  }
  const table = findModule(model.root, isTokenTable);
  const characters = model.inputs.some((own) => own.type === 'tokens' && own.characters === true);
  const vocabulary = characters ? CODE_POINTS : (table?.rows ?? 0);
  if (!(vocabulary > 0)) throw new RunFailure('unsupported', 'the model has no table of tokens');
  // Where ids are characters, no file says more.
  const read = folder !== undefined && !characters;
  const beside = read ? await openTokenizer(folder, model.modelType) : undefined;
  const tokenizer = characters ? characterTokenizer : (beside ?? byteTokenizer(vocabulary));
  const streams = encodeStreams(input, tokenizer, beside === undefined ? undefined : decoderStart);
  const stretches = findModule(model.root, isStretched) !== undefined;
  const values = model.inputs.map((own): Value => {
    if (own.type === 'pixels' || own.type === 'sound') return sensed(own);
    const { tokens, segments } = streams[own.stream];
    if (own.type === 'segments') return ids(segments.map((segment) => segment % segmentRows(model)));
    check(
      tokens,
      vocabulary,
      stretches ? undefined : own.limit,
      own.stream,
      input.type === 'ids' ? 'the given ids' : tokenizer.files,
    );
    return ids(tokens.map(({ id }) => id));
  });
  const takes = (stream: Stream): boolean =>
    model.inputs.some((own) => own.type === 'tokens' && own.stream === stream);
  return {
    values,
    tokenizer: input.type === 'ids' ? 'ids' : tokenizer.origin,
    ...heard,
    ...(takes('tokens') ? { tokens: streams.tokens.tokens } : {}),
    ...(takes('decoderTokens') ? { decoderTokens: streams.decoderTokens.tokens } : {}),
    folded: input.type === 'text' && tokenizer.origin === 'bytes' && vocabulary < 256,
  };
}

/** A decoder that is given nothing of its own gets the encoder's input. */
function encodeStreams(
  input: RunInput,
  tokenizer: TextTokenizer,
  decoderStart: number | undefined,
): Record<Stream, Encoded> {
  if (input.type === 'ids') {
    const tokens = fromIds(input.ids, tokenizer);
    return {
      tokens,
      decoderTokens: input.decoder === undefined ? tokens : fromIds(input.decoder, tokenizer),
    };
  }
  const { text, pair, decoder } = input;
  const length = text.length + (pair?.length ?? 0) + (decoder?.length ?? 0);
  if (length > LONGEST_TEXT) {
    throw new RunFailure('tooLong', `the text has ${length} characters, more than ${LONGEST_TEXT}`);
  }
  return {
    tokens: tokenizer.encode(text, pair),
    decoderTokens: shifted(tokenizer.encode(decoder ?? text), tokenizer, decoderStart),
  };
}

/** As a decoder is trained: its start token in front, and no token behind the text, which it has yet to say. */
function shifted(given: Encoded, tokenizer: TextTokenizer, start: number | undefined): Encoded {
  if (start === undefined) return given;
  const last = given.tokens.at(-1);
  const end = last !== undefined && last.start === undefined ? -1 : given.tokens.length;
  const begins = given.tokens[0]?.id === start && given.tokens.length > 1;
  const first = { id: start, text: tokenizer.textOf(start) ?? `#${start}` };
  return {
    tokens: [...(begins ? [] : [first]), ...given.tokens.slice(0, end)],
    segments: [...(begins ? [] : [0]), ...given.segments.slice(0, end)],
  };
}

function fromIds(list: readonly number[], tokenizer: TextTokenizer): Encoded {
  const tokens = list.map((id) => ({ id, text: tokenizer.textOf(id) ?? `#${id}` }));
  return { tokens, segments: list.map(() => 0) };
}

function check(
  tokens: readonly Token[],
  vocabulary: number,
  limit: number | undefined,
  stream: Stream,
  source: string,
): void {
  const whose = stream === 'tokens' ? 'the input' : "the decoder's input";
  if (tokens.length === 0) throw new RunFailure('tokenizer', `${whose} has no tokens`);
  const wrong = tokens.find(({ id }) => !Number.isSafeInteger(id) || id < 0 || id >= vocabulary);
  if (wrong !== undefined) {
    throw new RunFailure(
      'tokenizer',
      `${source}: token "${wrong.text}" has the id ${wrong.id}, and vocab_size is ${vocabulary}; ` +
        'use the tokenizer of this model, or correct vocab_size',
    );
  }
  if (limit !== undefined && tokens.length > limit) {
    throw new RunFailure('tooLong', `${whose} has ${tokens.length} tokens, and the model ${limit} positions`);
  }
}

/** A test picture, or a test sound. */
function sensed(input: ModelInput): Value {
  if (input.type === 'sound') return testSound(input);
  if (input.type !== 'pixels') throw new RunFailure('unsupported', `input ${input.name} beside a picture`);
  const { channels, height, width, frames } = input;
  return frames === undefined
    ? testPicture(channels, height, width)
    : testVideo(frames, channels, height, width);
}

function segmentRows(model: Model): number {
  return Math.max(1, findModule(model.root, isSegmentTable)?.rows ?? 1);
}

function isTokenTable(module: Module): module is Embedding {
  return module.kind === 'embedding' && module.of === 'tokens';
}

function isSegmentTable(module: Module): module is Embedding {
  return module.kind === 'embedding' && module.of === 'segments';
}

/** Rotary positions that are stretched to whatever length comes: `max_position_embeddings` is where that begins. */
function isStretched(module: Module): module is Attention {
  return (
    module.kind === 'attention' &&
    module.position.type === 'rotary' &&
    module.position.rotary.scaling.type === 'dynamic'
  );
}
