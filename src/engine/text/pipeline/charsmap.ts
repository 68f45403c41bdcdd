/**
 * SentencePiece's precompiled character map: a double-array trie (Darts-clone) from UTF-8 to replacements.
 *
 * The bytes are the trie's size (uint32), its units (uint32 each), and the replacements, each ended by a zero byte.
 */
import { rewritten, type Aligned, type Change } from './aligned';
import { graphemes } from './graphemes';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** UTF-8 bytes from which on a grapheme is looked up character by character. */
const LONG_GRAPHEME = 6;

/** @throws Error where the bytes are no such map. */
export function charsmap(bytes: Uint8Array): (source: Aligned) => Aligned {
  const find = replacements(bytes);
  const found = new Map<string, string | undefined>();
  const lookUp = (text: string): string | undefined => {
    if (!found.has(text)) found.set(text, find(encoder.encode(text)));
    return found.get(text);
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

/** Looks up the shortest prefix of a key that the trie has, which is how the libraries read it. */
function replacements(bytes: Uint8Array): (key: Uint8Array) => string | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = bytes.length < 4 ? -1 : view.getUint32(0, true);
  if (size < 4 || size % 4 !== 0 || size + 4 > bytes.length) {
    throw new Error(`precompiled_charsmap has ${bytes.length} bytes and a trie of ${size}`);
  }
  const units = Uint32Array.from({ length: size / 4 }, (_, i) => view.getUint32(4 + 4 * i, true));
  const texts = bytes.subarray(4 + size);
  return (key) => {
    let node = offset(units[0]!);
    for (const byte of key) {
      if (byte === 0) return undefined;
      node ^= byte;
      const unit = units[node];
      if (unit === undefined || label(unit) !== byte) return undefined;
      node ^= offset(unit);
      if ((unit >>> 8) & 1) {
        const at = (units[node] ?? 0) & 0x7fffffff;
        const end = texts.indexOf(0, at);
        return decoder.decode(texts.subarray(at, end === -1 ? texts.length : end));
      }
    }
    return undefined;
  };
}

function offset(unit: number): number {
  return (unit >>> 10) << ((unit & 0x200) >>> 6);
}

function label(unit: number): number {
  return (unit & 0x800000ff) >>> 0;
}
