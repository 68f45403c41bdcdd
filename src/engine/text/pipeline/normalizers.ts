/** Normalizers of a tokenizer.json, by their types, and of SentencePiece models. */
import { AlignedBuilder, each, prepend, slice, type Aligned } from './aligned';
import { toByteCharacters } from './byteCharacters';
import { isIdeograph, isMark, isNonspacingMark, isOther, isWhiteSpace } from './characterClasses';
import { charsmap, longestCharsmap } from './charsmap';
import { field, flag, list, object, text, typeOf, type Json, type JsonObject } from './json';
import { pattern, type Finder } from './patterns';
import { normalForm } from './unicodeForms';

export type Normalizer = (source: Aligned) => Aligned;

const NONE: Normalizer = (source) => source;

/** @throws Error that names a type which is not known. */
export function normalizer(json: Json): Normalizer {
  if (json === null || json === undefined) return NONE;
  const part = object(json, 'normalizer');
  const type = typeOf(part, 'normalizer');
  switch (type) {
    case 'Sequence':
      return sequence(list(field(part, 'normalizers', type), type).map(normalizer));
    case 'NFC':
    case 'NFD':
    case 'NFKC':
    case 'NFKD':
      return (source) => normalForm(source, type);
    case 'BertNormalizer':
      return bert(part);
    case 'Lowercase':
      return lowercase;
    case 'Strip':
      return strip(flag(part, 'strip_left', true), flag(part, 'strip_right', true));
    case 'StripAccents':
      return (source) => each(source, (char) => (isMark(char) ? '' : char));
    case 'Replace':
      return replace(pattern(field(part, 'pattern', type), type), text(field(part, 'content', type), type));
    case 'Prepend': {
      const before = text(field(part, 'prepend', type), type);
      return (source) => prepend(source, before);
    }
    case 'Nmt':
      return (source) => each(source, nmt);
    case 'Precompiled':
      return charsmap(Buffer.from(text(part['precompiled_charsmap'] ?? '', type), 'base64'));
    case 'SentencePieceMap':
      return longestCharsmap(Buffer.from(text(part['precompiled_charsmap'] ?? '', type), 'base64'));
    case 'ByteLevel':
      return toByteCharacters;
    default:
      throw new Error(`the normalizer "${type}" is not known`);
  }
}

export function sequence(steps: readonly Normalizer[]): Normalizer {
  return (source) => steps.reduce((value, step) => step(value), source);
}

function bert(part: JsonObject): Normalizer {
  const lower = flag(part, 'lowercase', true);
  const steps: Normalizer[] = [];
  if (flag(part, 'clean_text', true)) steps.push((source) => each(source, cleaned));
  if (flag(part, 'handle_chinese_chars', true)) {
    steps.push((source) => each(source, (char) => (isIdeograph(char) ? ` ${char} ` : char)));
  }
  if (flag(part, 'strip_accents', lower)) {
    steps.push((source) => normalForm(source, 'NFD'));
    steps.push((source) => each(source, (char) => (isNonspacingMark(char) ? '' : char)));
  }
  if (lower) steps.push(lowercase);
  return sequence(steps);
}

function cleaned(char: string): string {
  if (char === '\t' || char === '\n' || char === '\r') return ' ';
  if (char === '\0' || char === '\ufffd' || isOther(char)) return '';
  return isWhiteSpace(char) ? ' ' : char;
}

/** Character by character: a final sigma is a sigma as any other. */
function lowercase(source: Aligned): Aligned {
  return each(source, (char) => char.toLowerCase());
}

function strip(left: boolean, right: boolean): Normalizer {
  return (source) => {
    const { text: within } = source;
    let from = 0;
    let to = within.length;
    // White space is of one unit each.
    if (left) while (from < to && isWhiteSpace(within[from]!)) from++;
    if (right) while (to > from && isWhiteSpace(within[to - 1]!)) to--;
    return { ...slice(source, from, to), origin: source.origin };
  };
}

/** What stands for a match has the place of the match's last character. */
function replace(find: Finder, content: string): Normalizer {
  return (source) => {
    const spans = find(source.text);
    if (spans.length === 0) return source;
    const built = new AlignedBuilder(source);
    let reached = 0;
    for (const [from, to] of spans) {
      built.keep(reached, from);
      built.put(content, to - 1);
      reached = to;
    }
    built.keep(reached, source.text.length);
    return built.build();
  };
}

/** What SentencePiece's training for translation drops, and what it makes a space. */
function nmt(char: string): string {
  const code = char.codePointAt(0)!;
  if (code === 0x9 || code === 0xa || code === 0xc || code === 0xd) return ' ';
  if ((code >= 0x1 && code <= 0x1f) || code === 0x7f || code === 0x8f || code === 0x9f) return '';
  return NMT_SPACES.has(code) ? ' ' : char;
}

const NMT_SPACES = new Set([
  0x1680, 0x200b, 0x200c, 0x200d, 0x200e, 0x200f, 0x2028, 0x2029, 0x2581, 0xfeff, 0xfffd,
]);
