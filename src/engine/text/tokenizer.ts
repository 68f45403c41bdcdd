/** What turns a text into ids: the tokenizer that lies beside a config, or bytes. */
import type { Token, TokenizerOrigin } from '../../protocol/run';
import { RunFailure } from '../failure';
import { bounded } from './bounded';
import type { TokenModel } from './pipeline/models/model';
import { pipeline } from './pipeline/pipeline';
import { byteLevelText, bytesText, pieceText, visible } from './readable';

export interface Encoded {
  readonly tokens: Token[];
  /** 0, and 1 for the second text of a pair; as many as tokens. */
  readonly segments: number[];
}

export interface TextTokenizer {
  readonly origin: TokenizerOrigin;
  /** The files that it was read from, for messages. */
  readonly files: string;
  encode(text: string, pair?: string): Encoded;
  /** How an id reads; undefined where the vocabulary does not name it. */
  textOf(id: number): string | undefined;
}

/** Milliseconds. The largest vocabulary and the longest text take a tenth; what takes longer may never end. */
const LONGEST_READING = 20_000;
const LONGEST_ENCODING = 4_000;

/**
 * A tokenizer from the content of a tokenizer.json.
 *
 * @param files the names of the files that it comes from, for messages.
 * @param model the model, where it is not in the content.
 */
export function textTokenizer(
  origin: TokenizerOrigin,
  files: string,
  json: unknown,
  model?: TokenModel,
): TextTokenizer {
  const refused = (what: string): RunFailure => new RunFailure('tokenizer', `${files}: ${what}`);
  const within = <T>(milliseconds: number, what: string, work: () => T): T => {
    let done: { readonly value: T } | undefined;
    try {
      done = bounded(milliseconds, work);
    } catch (error) {
      throw refused((error as Error).message);
    }
    if (done === undefined) {
      throw refused(
        `${what} takes more than ${milliseconds / 1000} s: look for a pattern that backtracks without end`,
      );
    }
    return done.value;
  };
  const own = within(LONGEST_READING, 'reading it', () => pipeline(json, model));
  const read = isByteLevel(json) ? byteLevelText : pieceText;
  const textOf = (id: number): string | undefined => {
    const found = own.tokenOf(id);
    if (found === undefined) return undefined;
    return found.added ? visible(found.token) : read(found.token);
  };
  return {
    origin,
    files,
    textOf,
    encode: (text, pair) => {
      const placed = within(LONGEST_ENCODING, 'cutting the text into tokens', () => own.encode(text, pair));
      return {
        tokens: placed.map(({ id, at }) => ({
          id,
          text: textOf(id) ?? `#${id}`,
          ...(at === undefined ? {} : { start: at.start, end: at.end, ...(at.pair ? { pair: true } : {}) }),
        })),
        segments: placed.map(({ type }) => type),
      };
    },
  };
}

/** Whether a vocabulary's characters stand for bytes: a part of the tokenizer is ByteLevel. */
function isByteLevel(json: unknown): boolean {
  const { decoder, pre_tokenizer: before, normalizer } = json as Record<string, unknown>;
  return [decoder, before, normalizer].flatMap(names).includes('ByteLevel');
}

function names(part: unknown): string[] {
  if (typeof part !== 'object' || part === null) return [];
  const { type, decoders, pretokenizers, normalizers } = part as Record<string, unknown>;
  const inner = [decoders, pretokenizers, normalizers].flatMap((list) =>
    Array.isArray(list) ? list.flatMap(names) : [],
  );
  return typeof type === 'string' ? [type, ...inner] : inner;
}

/** Ids are the bytes of the text, modulo a vocabulary that has fewer than 256 rows. */
export function byteTokenizer(vocabulary: number): TextTokenizer {
  const encoder = new TextEncoder();
  const encode = (text: string, pair: boolean): Token[] => {
    const tokens: Token[] = [];
    let end = 0;
    for (const char of text) {
      const start = end;
      end += char.length;
      for (const byte of encoder.encode(char)) {
        const place = { start, end, ...(pair ? { pair } : {}) };
        tokens.push({ id: byte % vocabulary, text: bytesText(Uint8Array.of(byte)), ...place });
      }
    }
    return tokens;
  };
  return {
    origin: 'bytes',
    files: 'bytes',
    textOf: (id) => (id < 256 && vocabulary >= 256 ? bytesText(Uint8Array.of(id)) : undefined),
    encode: (text, pair) => {
      const first = encode(text, false);
      const second = pair === undefined ? [] : encode(pair, true);
      return {
        tokens: [...first, ...second],
        segments: [...first.map(() => 0), ...second.map(() => 1)],
      };
    },
  };
}
