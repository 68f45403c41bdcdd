/** Tokens that stand in a text as they are, before the model sees the rest: special ones and what users added. */
import { aligned, slice, type Aligned } from './aligned';
import { isWhiteSpace, isWord } from './characterClasses';
import { field, flag, list, object, text, type Json } from './json';
import type { Normalizer } from './normalizers';

export interface AddedToken {
  readonly id: number;
  readonly content: string;
  /** Only where no word goes on beside it. */
  readonly singleWord: boolean;
  /** Takes the white space before it, or after it. */
  readonly stripLeft: boolean;
  readonly stripRight: boolean;
  /** Looked for after the text was normalised, and normalised itself. */
  readonly normalized: boolean;
  readonly special: boolean;
}

/** A piece of a text that is an added token, or one that is left to the model. */
export interface Cut {
  readonly piece: Aligned;
  readonly added?: AddedToken;
}

/** Ids as Hugging Face tokenizers gives them: the vocabulary's, or the next one behind all others. */
export function readAddedTokens(json: Json, vocabulary: ReadonlyMap<string, number>): AddedToken[] {
  const ids = new Map<string, number>();
  let highest = -1;
  const tokens: AddedToken[] = [];
  for (const item of json === undefined || json === null ? [] : list(json, 'added_tokens')) {
    const given = object(item, 'added_tokens');
    const content = text(field(given, 'content', 'added_tokens'), 'added_tokens');
    if (content === '') continue;
    const special = flag(given, 'special', false);
    const id = vocabulary.get(content) ?? ids.get(content) ?? Math.max(highest + 1, vocabulary.size);
    if (!vocabulary.has(content)) highest = Math.max(highest, id);
    ids.set(content, id);
    tokens.push({
      id,
      content,
      special,
      singleWord: flag(given, 'single_word', false),
      stripLeft: flag(given, 'lstrip', false),
      stripRight: flag(given, 'rstrip', false),
      normalized: flag(given, 'normalized', !special),
    });
  }
  return tokens;
}

/** Cuts texts at added tokens, and normalises what lies between. */
export function addedTokenCutter(
  tokens: readonly AddedToken[],
  normalize: Normalizer,
): (text: Aligned) => Cut[] {
  const raw = trieOf(tokens.filter(({ normalized }) => !normalized));
  const normalized = trieOf(
    tokens.filter((token) => token.normalized),
    (content) => normalize(aligned(content)).text,
  );
  return (whole) =>
    cutAt(whole, raw).flatMap((cut) =>
      cut.added === undefined ? cutAt(normalize(cut.piece), normalized) : [cut],
    );
}

interface Node {
  readonly next: Map<string, Node>;
  token?: AddedToken;
}

function trieOf(tokens: readonly AddedToken[], normalize = (content: string): string => content): Node {
  const root: Node = { next: new Map() };
  for (const token of tokens) {
    let node = root;
    const content = normalize(token.content);
    if (content === '') continue;
    for (const unit of content.split('')) {
      let next = node.next.get(unit);
      if (next === undefined) node.next.set(unit, (next = { next: new Map() }));
      node = next;
    }
    node.token ??= token;
  }
  return root;
}

/** The longest token at the leftmost place, again and again. */
function cutAt(source: Aligned, root: Node): Cut[] {
  const { text: within } = source;
  const cuts: Cut[] = [];
  const cut = (from: number, to: number, added?: AddedToken): void => {
    if (from < to) cuts.push({ piece: slice(source, from, to), ...(added === undefined ? {} : { added }) });
  };
  let reached = 0;
  for (let at = 0; at < within.length && root.next.size > 0;) {
    const [token, stop] = longestAt(within, at, root);
    if (token === undefined) {
      at++;
      continue;
    }
    if (!token.singleWord || standsAlone(within, at, stop)) {
      let from = at;
      let to = stop;
      if (token.stripLeft) while (from > reached && isWhiteSpace(within[from - 1]!)) from--;
      if (token.stripRight) while (to < within.length && isWhiteSpace(within[to]!)) to++;
      cut(reached, from);
      cut(Math.max(from, reached), to, token);
      reached = Math.max(reached, to);
    }
    at = stop;
  }
  cut(reached, within.length);
  return cuts;
}

function longestAt(text: string, at: number, root: Node): [AddedToken | undefined, number] {
  let found: AddedToken | undefined;
  let stop = at;
  let node = root.next.get(text[at]!);
  for (let end = at + 1; node !== undefined; node = node.next.get(text[end++]!)) {
    if (node.token === undefined) continue;
    found = node.token;
    stop = end;
  }
  return [found, stop];
}

function standsAlone(text: string, from: number, to: number): boolean {
  const before = Array.from(text.slice(Math.max(0, from - 2), from)).at(-1);
  const after = text.codePointAt(to);
  return (
    (before === undefined || !isWord(before)) && (after === undefined || !isWord(String.fromCodePoint(after)))
  );
}
