/** Cuts a text at matches of a pattern. */
import { slice, type Aligned } from './aligned';
import type { Finder, Span } from './patterns';

const BEHAVIORS = ['Removed', 'Isolated', 'MergedWithPrevious', 'MergedWithNext', 'Contiguous'] as const;

/** What becomes of the matches. */
export type Behavior = (typeof BEHAVIORS)[number];

export function behaviorOf(name: string, where: string): Behavior {
  const found = BEHAVIORS.find((behavior) => behavior === name);
  if (found === undefined) throw new Error(`${where} has the unknown behavior "${name}"`);
  return found;
}

/** @param invert whether what lies between the matches counts as the matches. */
export function split(source: Aligned, find: Finder, behavior: Behavior, invert = false): Aligned[] {
  return cuts(source.text.length, find(source.text), behavior, invert)
    .filter(([from, to]) => from < to)
    .map(([from, to]) => slice(source, from, to));
}

interface Piece {
  readonly span: Span;
  readonly match: boolean;
}

function cuts(length: number, spans: readonly Span[], behavior: Behavior, invert: boolean): Span[] {
  const pieces: Piece[] = [];
  let reached = 0;
  for (const [from, to] of spans) {
    if (reached !== from) pieces.push({ span: [reached, from], match: invert });
    pieces.push({ span: [from, to], match: !invert });
    reached = to;
  }
  if (reached !== length) pieces.push({ span: [reached, length], match: invert });
  switch (behavior) {
    case 'Removed':
      return pieces.filter(({ match }) => !match).map(({ span }) => span);
    case 'Isolated':
      return pieces.map(({ span }) => span);
    case 'Contiguous':
      return merged(pieces, (piece, previous) => piece.match === previous);
    case 'MergedWithPrevious':
      return merged(pieces, (piece, previous) => piece.match && !previous);
    case 'MergedWithNext':
      return mergedWithNext(pieces);
  }
}

/** Joins a piece to the one before it, if there is one, where `joins` says so; before the first is no match. */
function merged(pieces: readonly Piece[], joins: (piece: Piece, previous: boolean) => boolean): Span[] {
  const spans: Span[] = [];
  let previous = false;
  for (const piece of pieces) {
    const last = spans.at(-1);
    if (last !== undefined && joins(piece, previous)) spans[spans.length - 1] = [last[0], piece.span[1]];
    else spans.push(piece.span);
    previous = piece.match;
  }
  return spans;
}

function mergedWithNext(pieces: readonly Piece[]): Span[] {
  const spans: Span[] = [];
  let next = false;
  for (const { span, match } of pieces.toReversed()) {
    const first = spans.at(-1);
    if (first !== undefined && match && !next) spans[spans.length - 1] = [span[0], first[1]];
    else spans.push(span);
    next = match;
  }
  return spans.reverse();
}
