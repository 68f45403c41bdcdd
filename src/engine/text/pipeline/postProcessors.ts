/** Post-processors of a tokenizer.json, by their types: special tokens, segments, and offsets without spaces. */
import { BYTE_CHARACTERS } from './byteCharacters';
import { isLowSurrogate, isWhiteSpace } from './characterClasses';
import { field, flag, index, list, object, text, typeOf, type Json, type JsonObject } from './json';

/** A token of a result. */
export interface Placed {
  readonly id: number;
  /** Segment. */
  readonly type: number;
  /** How it stands in the vocabulary or, of an added token, in the text. */
  readonly value: string;
  /** Where it stands in the text, in UTF-16 units; absent for a token that was put in. */
  readonly at?: { readonly start: number; readonly end: number; readonly pair: boolean };
}

/** The tokens of a text, or of a text and its pair. */
export type Sequences = readonly (readonly Placed[])[];

/** @param texts those that the tokens are of. */
export type PostProcessor = (sequences: Sequences, texts: readonly string[]) => Sequences;

/** @throws Error that names a type which is not known. */
export function postProcessor(json: Json): PostProcessor {
  if (json === null || json === undefined) return (sequences) => sequences;
  const part = object(json, 'post_processor');
  const type = typeOf(part, 'post_processor');
  switch (type) {
    case 'Sequence': {
      const steps = list(field(part, 'processors', type), type).map(postProcessor);
      return (sequences, texts) => steps.reduce((value, step) => step(value, texts), sequences);
    }
    case 'ByteLevel':
      return flag(part, 'trim_offsets', true) ? trimming(flag(part, 'add_prefix_space', true)) : (own) => own;
    case 'BertProcessing':
      return bert(part);
    case 'RobertaProcessing':
      return roberta(part);
    case 'TemplateProcessing':
      return template(part);
    default:
      throw new Error(`the post-processor "${type}" is not known`);
  }
}

function bert(part: JsonObject): PostProcessor {
  const first = token(part, 'cls');
  const last = token(part, 'sep');
  return ([own = [], pair]) => [
    [first(0), ...own, last(0)],
    ...(pair === undefined ? [] : [[...pair, last(1)]]),
  ];
}

/** No segments: they are 0 throughout. */
function roberta(part: JsonObject): PostProcessor {
  const first = token(part, 'cls');
  const last = token(part, 'sep');
  const trim = flag(part, 'trim_offsets', true)
    ? trimming(flag(part, 'add_prefix_space', true))
    : (sequences: Sequences): Sequences => sequences;
  return (sequences, texts) => {
    const [own = [], pair] = trim(sequences, texts).map((each) =>
      each.map((placed) => ({ ...placed, type: 0 })),
    );
    return [[first(0), ...own, last(0)], ...(pair === undefined ? [] : [[last(0), ...pair, last(0)]])];
  };
}

/** `["[SEP]", 102]` under a key. */
function token(part: JsonObject, key: string): (type: number) => Placed {
  const [value, id] = list(field(part, key, 'post_processor'), key);
  const own = { value: text(value, key), id: index(id, key) };
  return (type) => ({ ...own, type });
}

type Template = readonly ((sequences: Sequences) => readonly Placed[])[];

function template(part: JsonObject): PostProcessor {
  const specials = object(field(part, 'special_tokens', 'TemplateProcessing'), 'special_tokens');
  const read = (key: string): Template =>
    list(field(part, key, 'TemplateProcessing'), key).map((piece) =>
      templatePiece(object(piece, key), specials),
    );
  const single = read('single');
  const pair = read('pair');
  return (sequences) => (sequences.length > 1 ? pair : single).map((piece) => piece(sequences));
}

function templatePiece(piece: JsonObject, specials: JsonObject): Template[number] {
  if ('Sequence' in piece) {
    const own = object(piece['Sequence'], 'Sequence');
    const type = index(own['type_id'] ?? 0, 'type_id');
    const which = own['id'] === 'B' ? 1 : 0;
    return (sequences) => (sequences[which] ?? []).map((placed) => ({ ...placed, type }));
  }
  const own = object(field(piece, 'SpecialToken', 'a template'), 'SpecialToken');
  const type = index(own['type_id'] ?? 0, 'type_id');
  const name = text(field(own, 'id', 'SpecialToken'), 'SpecialToken');
  const special = object(field(specials, name, 'special_tokens'), name);
  const values = list(field(special, 'tokens', name), name);
  const tokens = list(field(special, 'ids', name), name).map((id, i) => ({
    id: index(id, name),
    value: text(values[i], name),
    type,
  }));
  return () => tokens;
}

const SPACE = BYTE_CHARACTERS[0x20]!;

/** Takes spaces of byte-level tokens out of their places. */
function trimming(prefixed: boolean): PostProcessor {
  return (sequences, texts) =>
    sequences.map((tokens, which) =>
      tokens.map((placed, i) =>
        trimmed(placed, texts[which]!, prefixed && (i === 0 || placed.at?.start === 0)),
      ),
    );
}

/** @param prefixed whether one space may have been put before the text, and has no place in it. */
function trimmed(placed: Placed, text: string, prefixed: boolean): Placed {
  if (placed.at === undefined) return placed;
  const characters = Array.from(placed.value);
  const isSpace = (char: string): boolean => char === SPACE || isWhiteSpace(char);
  let leading = characters.findIndex((char) => !isSpace(char));
  if (leading === -1) leading = characters.length;
  const trailing = characters.length - 1 - characters.findLastIndex((char) => !isSpace(char));
  // More than one can't have been put there.
  if (leading === 1 && prefixed) leading = 0;
  let { start, end } = placed.at;
  for (let i = 0; i < leading && start < end; i++) start += text.codePointAt(start)! > 0xffff ? 2 : 1;
  for (let i = 0; i < trailing && end > start; i++) end -= isLowSurrogate(text, end - 1) ? 2 : 1;
  return { ...placed, at: { ...placed.at, start, end } };
}
