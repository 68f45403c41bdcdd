/** Byte-pair encoding (Sennrich et al. 2016): characters, merged pair by pair in the order of the merges. */
import { field, flag, list, optionalText, text, vocabulary, type Json, type JsonObject } from '../json';
import { mergeAll, pairKey, type Merges, type Symbols } from './merging';
import { byteIds, type Piece, type TokenModel } from './model';

/** Pieces up to this length are remembered. */
const LONGEST_REMEMBERED = 64;
const MOST_REMEMBERED = 20_000;

interface Options {
  readonly ids: ReadonlyMap<string, number>;
  readonly unknown: number | undefined;
  readonly prefix: string;
  readonly suffix: string;
  readonly fuseUnknown: boolean;
  readonly byteFallback: boolean;
}

/**
 * @param given merges where the part has none.
 * @throws Error where a merge names what the vocabulary lacks.
 */
export function bpe(part: JsonObject, given?: Merges): TokenModel {
  const ids = vocabulary(field(part, 'vocab', 'BPE'), 'vocab');
  const unknown = optionalText(part, 'unk_token');
  const options: Options = {
    ids,
    unknown: unknown === undefined ? undefined : ids.get(unknown),
    prefix: optionalText(part, 'continuing_subword_prefix') ?? '',
    suffix: optionalText(part, 'end_of_word_suffix') ?? '',
    fuseUnknown: flag(part, 'fuse_unk', false),
    byteFallback: flag(part, 'byte_fallback', false),
  };
  const missing = unknown !== undefined && options.unknown === undefined ? unknown : undefined;
  const merges = given ?? readMerges(list(field(part, 'merges', 'BPE'), 'merges'), ids, options.prefix);
  const whole = flag(part, 'ignore_merges', false);
  const remembered = new Map<string, readonly Piece[]>();
  const encode = (piece: string): readonly Piece[] => {
    const id = whole ? ids.get(piece) : undefined;
    if (id !== undefined) return [{ id, start: 0, end: piece.length }];
    const symbols = firstSymbols(piece, options, missing);
    mergeAll(symbols, merges);
    return pieces(symbols);
  };
  return {
    vocabulary: ids,
    tokenize: (piece) => {
      if (piece.length > LONGEST_REMEMBERED) return encode(piece);
      let known = remembered.get(piece);
      if (known === undefined) {
        if (remembered.size >= MOST_REMEMBERED) remembered.clear();
        remembered.set(piece, (known = encode(piece)));
      }
      return known;
    },
  };
}

/** Pairs are strings with a space between, or lists of two. */
function readMerges(given: readonly Json[], ids: ReadonlyMap<string, number>, prefix: string): Merges {
  const ranks = new Map<number, number>();
  const results = new Int32Array(given.length);
  for (const [rank, merge] of given.entries()) {
    const pair = typeof merge === 'string' ? merge.split(' ') : list(merge, `merge ${rank}`);
    if (pair.length !== 2) throw new Error(`merge ${rank} is no pair: ${JSON.stringify(merge)}`);
    const [first, second] = pair.map((token) => text(token, `merge ${rank}`)) as [string, string];
    const whole = first + second.slice(prefix.length);
    const [a, b, c] = [first, second, whole].map((token) => {
      const id = ids.get(token);
      if (id === undefined)
        throw new Error(`merge ${rank} names ${JSON.stringify(token)}, which vocab lacks`);
      return id;
    }) as [number, number, number];
    ranks.set(pairKey(a, b), rank);
    results[rank] = c;
  }
  return { ranks, results };
}

/** A symbol a character, or a byte where the vocabulary lacks the character and has bytes. */
function firstSymbols(piece: string, options: Options, missing: string | undefined): Symbols {
  const { ids, prefix, suffix, byteFallback, fuseUnknown } = options;
  const symbols: Symbols = { ids: [], starts: [], ends: [] };
  const add = (id: number, start: number, end: number): void => {
    symbols.ids.push(id);
    symbols.starts.push(start);
    symbols.ends.push(end);
  };
  let unknown: { start: number; end: number } | undefined;
  const addUnknown = (): void => {
    if (unknown !== undefined) add(options.unknown!, unknown.start, unknown.end);
    unknown = undefined;
  };
  let end = 0;
  for (const char of piece) {
    const start = end;
    end += char.length;
    const token = (start > 0 ? prefix : '') + char + (end === piece.length ? suffix : '');
    const id = ids.get(token);
    if (id !== undefined) {
      addUnknown();
      add(id, start, end);
      continue;
    }
    const bytes = byteFallback ? byteIds(token, ids) : undefined;
    if (bytes !== undefined) {
      addUnknown();
      for (const byte of bytes) add(byte, start, end);
      continue;
    }
    if (missing !== undefined) throw new Error(`vocab lacks its own unk_token ${JSON.stringify(missing)}`);
    // Without a token for the unknown, a character that has none is left out.
    if (options.unknown === undefined) continue;
    if (unknown !== undefined && fuseUnknown) {
      unknown.end = end;
    } else {
      addUnknown();
      unknown = { start, end };
    }
  }
  addUnknown();
  return symbols;
}

function pieces({ ids, starts, ends }: Symbols): Piece[] {
  return ids.flatMap((id, i) => (id < 0 ? [] : [{ id, start: starts[i]!, end: ends[i]! }]));
}
