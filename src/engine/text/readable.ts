/** Tokens as a reader should see them: spaces and line ends made visible, bytes made text again. */
import { BYTE_CHARACTERS } from './pipeline/byteCharacters';

const VISIBLE: Readonly<Record<string, string>> = { ' ': '·', '\n': '⏎', '\r': '␍', '\t': '⇥', '\0': '␀' };

/** Makes white space and control characters visible. */
export function visible(text: string): string {
  return Array.from(
    text,
    (char) => VISIBLE[char] ?? (isControl(char) ? `⟨${hex(char.codePointAt(0)!)}⟩` : char),
  ).join('');
}

function isControl(char: string): boolean {
  const code = char.codePointAt(0)!;
  // Besides the control characters: marks that would turn the direction of the text around them.
  return (
    code < 32 ||
    (code >= 127 && code < 160) ||
    (code >= 0x202a && code <= 0x202e) ||
    (code >= 0x2066 && code <= 0x2069)
  );
}

function hex(code: number): string {
  return code.toString(16).toUpperCase().padStart(2, '0');
}

/** Bytes as text; those that are no whole character, in hexadecimal. */
export function bytesText(bytes: Uint8Array): string {
  try {
    return visible(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    return Array.from(bytes, (byte) => `⟨${hex(byte)}⟩`).join('');
  }
}

/** A token of a SentencePiece or WordPiece vocabulary. */
export function pieceText(token: string): string {
  const byte = /^<0x([0-9A-F]{2})>$/.exec(token);
  if (byte) return bytesText(Uint8Array.of(Number.parseInt(byte[1]!, 16)));
  return visible(token.replaceAll('▁', ' '));
}

/** A token of a byte-level vocabulary (GPT-2's), in which each character stands for a byte. */
export function byteLevelText(token: string): string {
  const bytes: number[] = [];
  for (const char of token) {
    const byte = byteOfChar.get(char);
    // An added token, such as <|endoftext|> with a space in it, is plain text.
    if (byte === undefined) return visible(token);
    bytes.push(byte);
  }
  return bytesText(Uint8Array.from(bytes));
}

const byteOfChar = new Map(BYTE_CHARACTERS.map((char, byte) => [char, byte]));
