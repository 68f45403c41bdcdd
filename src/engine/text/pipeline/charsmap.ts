/**
 * SentencePiece's precompiled character map: a double-array trie (Darts-clone) from UTF-8 to replacements.
 *
 * The bytes are the trie's size (uint32), its units (uint32 each), and the replacements, each ended by a zero byte.
 */
import { rewritten, type Aligned, type Change } from './aligned';
import { graphemes } from './graphemes';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** UTF-8 bytes from which on a grapheme is looked up character by character. */
const LONG_GRAPHEME = 6;

/**
 * The map as Hugging Face tokenizers reads it: the shortest prefix of a short grapheme, or of a character, stands for all
 * of it.
 *
 * @throws Error where the bytes are no such map.
 */
export function charsmap(bytes: Uint8Array): (source: Aligned) => Aligned {
  const find = replacements(bytes);
  const known = new Map<string, string | undefined>();
  const lookUp = (text: string): string | undefined => {
    if (!known.has(text)) {
      const [shortest] = find(encoder.encode(text));
      known.set(text, shortest?.text);
    }
    return known.get(text);
  };
  return (source) => {
    const changes: Change[] = [];
    let changed = false;
    const replaceOrKeep = (part: string): boolean => {
      const replacement = lookUp(part);
      if (replacement === undefined) return false;
      changed = true;
      replace(changes, part, replacement);
      return true;
    };
    for (const segment of graphemes(source.text)) {
      if (utf8Length(segment) < LONG_GRAPHEME && replaceOrKeep(segment)) continue;
      for (const char of segment) if (!replaceOrKeep(char)) changes.push([char, 0]);
    }
    return changed ? rewritten(source, changes) : source;
  };
}

/** Bytes of the longest sequence that is looked up at once; those of maps in use have some 20. */
const LONGEST_KEY = 64;

/**
 * The map as SentencePiece reads it: the longest sequence of characters from each place on.
 *
 * @throws Error where the bytes are no such map.
 */
export function longestCharsmap(bytes: Uint8Array): (source: Aligned) => Aligned {
  const find = replacements(bytes);
  return (source) => {
    const changes: Change[] = [];
    const { text } = source;
    for (let at = 0; at < text.length;) {
      const key = encoder.encode(text.slice(at, at + LONGEST_KEY));
      let longest: Found | undefined;
      for (const found of find(key)) longest = found;
      const part = longest === undefined ? charAt(text, at) : decoder.decode(key.subarray(0, longest.length));
      if (longest === undefined) changes.push([part, 0]);
      else replace(changes, part, longest.text);
      at += part.length;
    }
    return rewritten(source, changes);
  };
}

function charAt(text: string, at: number): string {
  return String.fromCodePoint(text.codePointAt(at)!);
}

function utf8Length(text: string): number {
  return Buffer.byteLength(text, 'utf8');
}

/** What is longer is put in at the end; what is shorter is removed after the last character. */
function replace(changes: Change[], before: string, after: string): void {
  const olds = Array.from(before).length;
  const news = Array.from(after);
  for (const [index, char] of news.entries()) changes.push([char, index < olds ? 0 : 1]);
  const last = changes.at(-1);
  if (news.length < olds && last !== undefined) {
    changes[changes.length - 1] = [last[0], last[1] + news.length - olds];
  }
}

/** What stands for a prefix of a key, and how many bytes the prefix has. */
interface Found {
  readonly text: string;
  readonly length: number;
}

/** Looks up prefixes of a key, the shortest first. */
function replacements(bytes: Uint8Array): (key: Uint8Array) => Generator<Found, void> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = bytes.length < 4 ? -1 : view.getUint32(0, true);
  if (size < 4 || size % 4 !== 0 || size + 4 > bytes.length) {
    throw new Error(`precompiled_charsmap has ${bytes.length} bytes and a trie of ${size}`);
  }
  const units = Uint32Array.from({ length: size / 4 }, (_, i) => view.getUint32(4 + 4 * i, true));
  const texts = bytes.subarray(4 + size);
  return function* (key) {
    let node = offset(units[0]!);
    for (const [index, byte] of key.entries()) {
      if (byte === 0) return;
      node ^= byte;
      const unit = units[node];
      if (unit === undefined || label(unit) !== byte) return;
      node ^= offset(unit);
      if ((unit >>> 8) & 1) {
        const at = (units[node] ?? 0) & 0x7fffffff;
        const end = texts.indexOf(0, at);
        const text = decoder.decode(texts.subarray(at, end === -1 ? texts.length : end));
        yield { text, length: index + 1 };
      }
    }
  };
}

function offset(unit: number): number {
  return (unit >>> 10) << ((unit & 0x200) >>> 6);
}

function label(unit: number): number {
  return (unit & 0x800000ff) >>> 0;
}
