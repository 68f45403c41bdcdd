/** WordPiece (Schuster & Nakajima 2012), longest match first, and whole words. */
import { isLowSurrogate } from '../characterClasses';
import { field, index, optionalText, vocabulary, type JsonObject } from '../json';
import type { TokenModel } from './model';

export function wordPiece(part: JsonObject): TokenModel {
  const ids = vocabulary(field(part, 'vocab', 'WordPiece'), 'vocab');
  const unknown = unknownOf(part, ids, '[UNK]');
  const prefix = optionalText(part, 'continuing_subword_prefix') ?? '##';
  const longest = index(part['max_input_chars_per_word'] ?? 100, 'max_input_chars_per_word');
  return {
    vocabulary: ids,
    tokenize: (word) => {
      const whole = { id: 0, start: 0, end: word.length };
      if (word.length > longest && Array.from(word).length > longest) return [{ ...whole, id: unknown() }];
      const pieces = [];
      for (let start = 0; start < word.length;) {
        let end = word.length;
        let id: number | undefined;
        for (; end > start; end -= isLowSurrogate(word, end - 1) ? 2 : 1) {
          id = ids.get((start > 0 ? prefix : '') + word.slice(start, end));
          if (id !== undefined) break;
        }
        if (id === undefined) return [{ ...whole, id: unknown() }];
        pieces.push({ id, start, end });
        start = end;
      }
      return pieces;
    },
  };
}

export function wordLevel(part: JsonObject): TokenModel {
  const ids = vocabulary(field(part, 'vocab', 'WordLevel'), 'vocab');
  const unknown = unknownOf(part, ids, '<unk>');
  return {
    vocabulary: ids,
    tokenize: (word) => [{ id: ids.get(word) ?? unknown(), start: 0, end: word.length }],
  };
}

/** The id for words that have none, which a vocabulary may lack as long as nobody needs it. */
function unknownOf(part: JsonObject, ids: ReadonlyMap<string, number>, fallback: string): () => number {
  const token = optionalText(part, 'unk_token') ?? fallback;
  return () => {
    const id = ids.get(token);
    if (id === undefined) throw new Error(`vocab lacks its own unk_token ${JSON.stringify(token)}`);
    return id;
  };
}
