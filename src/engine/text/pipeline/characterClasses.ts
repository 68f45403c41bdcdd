/** Classes of characters as Rust's standard library and Hugging Face tokenizers know them. */

const WHITE_SPACE = /^\p{White_Space}$/u;
const PUNCTUATION = /^[\p{P}!-/:-@[-`{-~]$/u;
const NUMERIC = /^\p{N}$/u;
const NONSPACING_MARK = /^\p{Mn}$/u;
const MARK = /^\p{M}$/u;
const OTHER = /^[\p{Cc}\p{Cf}\p{Co}]$/u;
const WORD = /^[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]$/u;

export const isWhiteSpace = (char: string): boolean =>
  char < '\x80' ? char === ' ' || (char >= '\t' && char <= '\r') : WHITE_SPACE.test(char);
/** Punctuation of Unicode, and all of ASCII's, symbols too. */
export const isPunctuation = (char: string): boolean => PUNCTUATION.test(char);
export const isNumeric = (char: string): boolean => NUMERIC.test(char);
export const isNonspacingMark = (char: string): boolean => char >= '\u0300' && NONSPACING_MARK.test(char);
export const isMark = (char: string): boolean => char >= '\u0300' && MARK.test(char);
/** Control, format and private characters. */
export const isOther = (char: string): boolean => OTHER.test(char);
/** `\w` of the regex crate. */
export const isWord = (char: string): boolean => WORD.test(char);

/** CJK ideographs as BERT takes them: words of their own. */
export function isIdeograph(char: string): boolean {
  const code = char.codePointAt(0)!;
  return (
    (code >= 0x4e00 && code <= 0x9fff) ||
    (code >= 0x3400 && code <= 0x4dbf) ||
    (code >= 0x20000 && code <= 0x2a6df) ||
    (code >= 0x2a700 && code <= 0x2b73f) ||
    (code >= 0x2b740 && code <= 0x2b81f) ||
    (code >= 0x2b920 && code <= 0x2ceaf) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0x2f800 && code <= 0x2fa1f)
  );
}

/** Whether unit `at` is the second of a character's two. */
export function isLowSurrogate(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 0xdc00 && code <= 0xdfff;
}
