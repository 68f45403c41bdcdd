/** A text on its way through a tokenizer that remembers where in the input each of its parts comes from. */

/**
 * Text with a place in the input for each of its UTF-16 units: unit i stands for [starts[i], ends[i]) of the input,
 * in UTF-16 units too. As in Hugging Face tokenizers, what was put in has the place of the character before it.
 */
export interface Aligned {
  readonly text: string;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** Where this piece of the input begins, whatever was cut off since. */
  readonly origin: number;
}

/** A text as it comes, each character at its own place. */
export function aligned(text: string): Aligned {
  const starts = new Int32Array(text.length);
  const ends = new Int32Array(text.length);
  let at = 0;
  for (const char of text) {
    starts.fill(at, at, at + char.length);
    ends.fill(at + char.length, at, at + char.length);
    at += char.length;
  }
  return { text, starts, ends, origin: 0 };
}

/** Units [from, to). */
export function slice(source: Aligned, from: number, to: number): Aligned {
  if (from === 0 && to === source.text.length) return source;
  return {
    text: source.text.slice(from, to),
    starts: source.starts.subarray(from, to),
    ends: source.ends.subarray(from, to),
    origin: source.starts[from] ?? source.origin,
  };
}

/** Collects characters and their places. */
export class AlignedBuilder {
  private readonly parts: string[] = [];
  private readonly starts: number[] = [];
  private readonly ends: number[] = [];

  constructor(private readonly source: Aligned) {}

  /** Adds text that stands for the character at unit `at` of the source; before the first, for nothing. */
  put(text: string, at: number): void {
    const start = at < 0 ? this.source.origin : this.source.starts[at]!;
    const end = at < 0 ? this.source.origin : this.source.ends[at]!;
    this.parts.push(text);
    for (let i = 0; i < text.length; i++) {
      this.starts.push(start);
      this.ends.push(end);
    }
  }

  /** Adds units [from, to) of the source as they are. */
  keep(from: number, to: number): void {
    if (from === to) return;
    this.parts.push(this.source.text.slice(from, to));
    for (let at = from; at < to; at++) {
      this.starts.push(this.source.starts[at]!);
      this.ends.push(this.source.ends[at]!);
    }
  }

  build(): Aligned {
    return {
      text: this.parts.join(''),
      starts: Int32Array.from(this.starts),
      ends: Int32Array.from(this.ends),
      origin: this.source.origin,
    };
  }
}

/** Replaces each character by some text, which may be empty or the character itself, at the same place. */
export function each(source: Aligned, replacement: (char: string) => string): Aligned {
  const built = new AlignedBuilder(source);
  let changed = false;
  let at = 0;
  for (const char of source.text) {
    const next = replacement(char);
    changed ||= next !== char;
    if (next !== '') built.put(next, at);
    at += char.length;
  }
  return changed ? built.build() : source;
}

/** Puts text before the first character, at whose place it stands; leaves an empty text as it is. */
export function prepend(source: Aligned, text: string): Aligned {
  if (source.text === '') return source;
  const built = new AlignedBuilder(source);
  built.put(text, 0);
  built.keep(0, source.text.length);
  return built.build();
}

/**
 * A character of a new text, and what it does to the old one: 0 takes the place of the next character, −n takes it and
 * removes n more, anything positive is put in.
 */
export type Change = readonly [char: string, change: number];

/** Applies changes, one a character of the new text, in its order. */
export function rewritten(source: Aligned, changes: Iterable<Change>): Aligned {
  const built = new AlignedBuilder(source);
  const { text } = source;
  const width = (at: number): number => (text.codePointAt(at)! > 0xffff ? 2 : 1);
  let at = 0;
  for (const [char, change] of changes) {
    if (change > 0) {
      built.put(char, at - 1);
      continue;
    }
    built.put(char, at);
    for (let taken = 0; taken <= -change && at < text.length; taken++) at += width(at);
  }
  return built.build();
}
