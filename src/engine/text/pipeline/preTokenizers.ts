/** Pre-tokenizers of a tokenizer.json, by their types: they cut a text into what the model sees at once. */
import { each, prepend, slice, type Aligned } from './aligned';
import { toByteCharacters } from './byteCharacters';
import { isNumeric, isPunctuation, isWhiteSpace } from './characterClasses';
import {
  field,
  flag,
  index,
  list,
  object,
  optionalText,
  text,
  typeOf,
  type Json,
  type JsonObject,
} from './json';
import { characters, matches, pattern, regex, type Finder } from './patterns';
import { behaviorOf, split } from './splitting';

export type PreTokenizer = (pieces: readonly Aligned[]) => readonly Aligned[];

const NONE: PreTokenizer = (pieces) => pieces;

/** GPT-2's. */
const BYTE_LEVEL = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

/** The regex crate's `\w+|[^\w\s]+`. */
const WORDS =
  /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]+|[^\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}\p{White_Space}]+/gu;

const whiteSpace = characters(isWhiteSpace);
const punctuation = characters(isPunctuation);

/** @throws Error that names a type which is not known. */
export function preTokenizer(json: Json): PreTokenizer {
  if (json === null || json === undefined) return NONE;
  const part = object(json, 'pre_tokenizer');
  const type = typeOf(part, 'pre_tokenizer');
  switch (type) {
    case 'Sequence': {
      const steps = list(field(part, 'pretokenizers', type), type).map(preTokenizer);
      return (pieces) => steps.reduce((value, step) => step(value), pieces);
    }
    case 'BertPreTokenizer':
      return (pieces) =>
        pieces
          .flatMap((piece) => split(piece, whiteSpace, 'Removed'))
          .flatMap((piece) => split(piece, punctuation, 'Isolated'));
    case 'ByteLevel':
      return byteLevel(part);
    case 'Metaspace':
      return metaspace(part);
    case 'Whitespace':
      return cutting((within) => matches(within, WORDS), 'Removed', true);
    case 'WhitespaceSplit':
      return cutting(whiteSpace, 'Removed');
    case 'CharDelimiterSplit':
      return cutting(pattern(text(field(part, 'delimiter', type), type), type), 'Removed');
    case 'Punctuation':
      return cutting(punctuation, optionalText(part, 'behavior') ?? 'Isolated');
    case 'Digits':
      return cutting(
        characters(isNumeric),
        flag(part, 'individual_digits', false) ? 'Isolated' : 'Contiguous',
      );
    case 'Split':
      return cutting(
        pattern(field(part, 'pattern', type), type),
        text(field(part, 'behavior', type), type),
        flag(part, 'invert', false),
      );
    case 'FixedLength': {
      const length = index(part['length'] ?? 5, type);
      if (length === 0) throw new Error('FixedLength has the length 0');
      return (pieces) => pieces.flatMap((piece) => chunks(piece, length));
    }
    default:
      throw new Error(`the pre-tokenizer "${type}" is not known`);
  }
}

function cutting(find: Finder, behavior: string, invert = false): PreTokenizer {
  const known = behaviorOf(behavior, 'pre_tokenizer');
  return (pieces) => pieces.flatMap((piece) => split(piece, find, known, invert));
}

function byteLevel(part: JsonObject): PreTokenizer {
  const space = flag(part, 'add_prefix_space', true);
  const find = flag(part, 'use_regex', true) ? regex(BYTE_LEVEL) : undefined;
  return (pieces) =>
    pieces
      .map((piece) => (space && !piece.text.startsWith(' ') ? prepend(piece, ' ') : piece))
      .flatMap((piece) => (find === undefined ? [piece] : split(piece, find, 'Isolated')))
      .map(toByteCharacters);
}

/** SentencePiece's spaces: each becomes `replacement`, and one is put before a text. */
function metaspace(part: JsonObject): PreTokenizer {
  const replacement = optionalText(part, 'replacement') ?? '▁';
  const scheme = flag(part, 'add_prefix_space', true)
    ? (optionalText(part, 'prepend_scheme') ?? 'always')
    : 'never';
  if (!['always', 'first', 'never'].includes(scheme)) {
    throw new Error(`Metaspace has the unknown prepend_scheme "${scheme}"`);
  }
  const find = flag(part, 'split', true) ? pattern(replacement, 'Metaspace') : undefined;
  return (pieces) =>
    pieces.flatMap((piece) => {
      let spaced = each(piece, (char) => (char === ' ' ? replacement : char));
      const prepends = scheme === 'always' || (scheme === 'first' && piece.origin === 0);
      if (prepends && !spaced.text.startsWith(replacement)) spaced = prepend(spaced, replacement);
      return find === undefined ? [spaced] : split(spaced, find, 'MergedWithNext');
    });
}

function chunks(piece: Aligned, length: number): Aligned[] {
  const cuts: Aligned[] = [];
  let from = 0;
  let at = 0;
  let count = 0;
  for (const char of piece.text) {
    at += char.length;
    if (++count % length !== 0) continue;
    cuts.push(slice(piece, from, at));
    from = at;
  }
  return from < at ? [...cuts, slice(piece, from, at)] : cuts;
}
