/** JSON of a file that nobody vouches for: looked through in slices of time before it is parsed in one go. */
import type { RunFailure } from '../failure';
import type { Pace } from '../pace';

/** A header's sizes stand three deep. */
const DEEPEST = 16;
/** Keys and values: some twelve a tensor. What has more keeps JSON.parse busy for seconds, and up to a minute. */
const MOST_PARTS = 4_000_000;
/** Characters between looks at the clock. */
const STRETCH = 1 << 16;

/**
 * Parses `text`, and refuses what is no JSON, too large to parse without blocking, or has two equal keys in one object:
 * JSON.parse keeps the last of them, and a file that has two tensors under one name means neither.
 *
 * @param wrong makes the failure that names the file, of what is the matter with it.
 */
export async function parseJson(
  text: string,
  pace: Pace,
  wrong: (what: string) => RunFailure,
): Promise<unknown> {
  await survey(text, pace, wrong);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw wrong(`is not JSON (${(error as Error).message})`);
  }
}

/** Text in 200 characters, as much of a file as a message quotes. */
export function brief(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

/** Follows brackets, strings and colons alone; what is no JSON otherwise is left to JSON.parse. */
async function survey(text: string, pace: Pace, wrong: (what: string) => RunFailure): Promise<void> {
  const open: Set<string>[] = [];
  let parts = 0;
  let string: readonly [number, number] = [0, 0];
  let looked = 0;
  for (let at = 0; at < text.length; at++) {
    if (at - looked >= STRETCH) {
      looked = at;
      await pace.step();
    }
    switch (text.charAt(at)) {
      case '"': {
        const end = closingQuote(text, at);
        string = [at, end];
        at = end;
        break;
      }
      case '{':
      case '[':
        parts++;
        if (open.push(new Set()) > DEEPEST) throw wrong(`is nested more than ${DEEPEST} deep`);
        break;
      case '}':
      case ']':
        open.pop();
        break;
      case ',':
        parts++;
        break;
      case ':': {
        parts++;
        const key = unquoted(text.slice(string[0], string[1] + 1));
        if (open.at(-1)?.has(key)) throw wrong(`has the key ${JSON.stringify(brief(key))} twice`);
        open.at(-1)?.add(key);
        break;
      }
    }
    if (parts > MOST_PARTS) throw wrong(`has more than ${MOST_PARTS} keys and values`);
  }
}

/** Where the string that begins at `from` ends: its quote, or the end of the text. */
function closingQuote(text: string, from: number): number {
  for (let at = text.indexOf('"', from + 1); at !== -1; at = text.indexOf('"', at + 1)) {
    let slashes = 0;
    while (text[at - 1 - slashes] === '\\') slashes++;
    if (slashes % 2 === 0) return at;
  }
  return text.length;
}

/** Equal keys may be spelled with different escapes. */
function unquoted(string: string): string {
  if (!string.includes('\\')) return string.slice(1, -1);
  try {
    return JSON.parse(string) as string;
  } catch {
    return string;
  }
}
