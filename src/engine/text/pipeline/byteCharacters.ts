/** GPT-2's characters for bytes: printable ones stand for themselves, the others for U+0100 and on. */
import { each, type Aligned } from './aligned';

/** The character of each byte. */
export const BYTE_CHARACTERS: readonly string[] = (() => {
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    return String.fromCodePoint(printable ? byte : next++);
  });
})();

const encoder = new TextEncoder();

/** Writes each character as its UTF-8 bytes' characters. */
export function toByteCharacters(source: Aligned): Aligned {
  return each(source, byteCharacters);
}

export function byteCharacters(text: string): string {
  if (text.length === 1 && text > ' ' && text < '\x7f') return text;
  let characters = '';
  for (const byte of encoder.encode(text)) characters += BYTE_CHARACTERS[byte]!;
  return characters;
}
