/** The tokenizer that lies beside a config, or bytes. */
import { readFile, stat } from 'node:fs/promises';
import * as path from 'node:path';
import { Tokenizer } from '@huggingface/tokenizers';
import type { Token, TokenizerOrigin } from '../../protocol/run';
import { RunFailure } from '../failure';
import { byteLevelText, bytesText, pieceText } from './readable';

export interface Encoded {
  readonly tokens: Token[];
  /** 0, and 1 for the second text of a pair; as many as tokens. */
  readonly segments: number[];
}

export interface TextTokenizer {
  readonly origin: TokenizerOrigin;
  encode(text: string, pair?: string): Encoded;
  /** How an id reads; undefined where the vocabulary does not name it. */
  textOf(id: number): string | undefined;
}

const FILE = 'tokenizer.json';
/** The largest in use have some 30 MB. */
const LARGEST = 128 * 1024 * 1024;

/** The tokenizer of the last run: a large vocabulary takes a second to read, and runs of one model follow each other. */
let latest: { readonly key: string; readonly tokenizer: TextTokenizer } | undefined;

/** Reads tokenizer.json of a folder; undefined where there is none. */
export async function openTokenizer(folder: string): Promise<TextTokenizer | undefined> {
  const file = path.join(folder, FILE);
  const settings = path.join(folder, 'tokenizer_config.json');
  const [found, beside] = await Promise.all(
    [file, settings].map((name) => stat(name).catch(() => undefined)),
  );
  if (found === undefined) return undefined;
  if (found.size > LARGEST) {
    throw new RunFailure('tokenizer', `${FILE} has ${found.size} bytes, more than ${LARGEST}`);
  }
  const key = [file, found.size, found.mtimeMs, beside?.size, beside?.mtimeMs].join(' ');
  if (latest?.key === key) return latest.tokenizer;
  const json = await readJson(file);
  const config = beside === undefined ? {} : await readJson(settings);
  try {
    latest = { key, tokenizer: fromJson(new Tokenizer(json, config), json) };
    return latest.tokenizer;
  } catch (error) {
    throw new RunFailure('tokenizer', `${FILE}: ${(error as Error).message}`);
  }
}

async function readJson(file: string): Promise<object> {
  try {
    const json: unknown = JSON.parse(await readFile(file, 'utf8'));
    if (typeof json === 'object' && json !== null) return json;
  } catch (error) {
    throw new RunFailure('tokenizer', `${path.basename(file)}: ${(error as Error).message}`);
  }
  throw new RunFailure('tokenizer', `${path.basename(file)} is not a JSON object`);
}

function fromJson(tokenizer: Tokenizer, json: object): TextTokenizer {
  const read = isByteLevel(json) ? byteLevelText : pieceText;
  const textOf = (id: number): string | undefined => {
    const token = tokenizer.id_to_token(id);
    return token === undefined ? undefined : read(token);
  };
  return {
    origin: 'tokenizer.json',
    textOf,
    encode: (text, pair) => {
      try {
        const encoded = tokenizer.encode(text, { text_pair: pair ?? null, return_token_type_ids: true });
        const tokens = encoded.ids.map((id) => ({ id, text: textOf(id) ?? `#${id}` }));
        return { tokens, segments: encoded.token_type_ids };
      } catch (error) {
        throw new RunFailure('tokenizer', `${FILE}: ${(error as Error).message}`);
      }
    },
  };
}

/** Whether a vocabulary's characters stand for bytes: its decoder, or a part of it, is ByteLevel. */
function isByteLevel(json: object): boolean {
  const { decoder, pre_tokenizer: before } = json as { decoder?: unknown; pre_tokenizer?: unknown };
  return names(decoder).concat(names(before)).includes('ByteLevel');
}

function names(part: unknown): string[] {
  if (typeof part !== 'object' || part === null) return [];
  const { type, decoders, pretokenizers } = part as {
    type?: unknown;
    decoders?: unknown;
    pretokenizers?: unknown;
  };
  const inner = [decoders, pretokenizers].flatMap((list) => (Array.isArray(list) ? list.flatMap(names) : []));
  return typeof type === 'string' ? [type, ...inner] : inner;
}

/** Ids are the bytes of the text, modulo a vocabulary that has fewer than 256 rows. */
export function byteTokenizer(vocabulary: number): TextTokenizer {
  const encode = (text: string): Token[] =>
    Array.from(new TextEncoder().encode(text), (byte) => ({
      id: byte % vocabulary,
      text: bytesText(Uint8Array.of(byte)),
    }));
  return {
    origin: 'bytes',
    textOf: (id) => (id < 256 && vocabulary >= 256 ? bytesText(Uint8Array.of(id)) : undefined),
    encode: (text, pair) => {
      const first = encode(text);
      const second = pair === undefined ? [] : encode(pair);
      return {
        tokens: [...first, ...second],
        segments: [...first.map(() => 0), ...second.map(() => 1)],
      };
    },
  };
}
