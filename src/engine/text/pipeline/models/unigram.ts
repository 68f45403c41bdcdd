/** Unigram (Kudo 2018): of all ways to cut a text into pieces, the one whose scores have the highest sum. */
import { field, flag, list, text, type JsonObject } from '../json';
import { byteIds, type Piece, type TokenModel } from './model';

/** What a character without a piece scores below the worst piece. */
const UNKNOWN_PENALTY = 10;

interface Pieces {
  readonly ids: ReadonlyMap<string, number>;
  readonly scores: Float64Array;
  readonly unknown: number | undefined;
  readonly unknownScore: number;
  readonly round: (sum: number) => number;
  /** Units of the longest piece that begins with a unit. */
  readonly longest: ReadonlyMap<number, number>;
}

/**
 * @param matches whether a text can have a piece, by its id: bytes and control pieces are none of it.
 * @param round sums have this precision; of equally good cuts it decides.
 */
export function unigram(
  part: JsonObject,
  matches: (id: number) => boolean = () => true,
  round: (sum: number) => number = (sum) => sum,
): TokenModel {
  const given = list(field(part, 'vocab', 'Unigram'), 'vocab');
  const vocabulary = new Map<string, number>();
  const ids = new Map<string, number>();
  let lowest = Infinity;
  const longest = new Map<number, number>();
  const scores = new Float64Array(given.length);
  for (const [id, item] of given.entries()) {
    const [piece, score] = list(item, `vocab[${id}]`);
    const token = text(piece, `vocab[${id}]`);
    if (typeof score !== 'number') throw new Error(`vocab[${id}] has no score`);
    vocabulary.set(token, id);
    scores[id] = score;
    if (!matches(id)) continue;
    ids.set(token, id);
    lowest = Math.min(lowest, score);
    const first = token.charCodeAt(0);
    longest.set(first, Math.max(longest.get(first) ?? 0, token.length));
  }
  const unknown = unknownOf(part, given.length);
  const unknownScore = round(lowest - UNKNOWN_PENALTY);
  const pieces = { ids, scores, longest, unknown, unknownScore, round };
  const bytes = flag(part, 'byte_fallback', false);
  return {
    vocabulary,
    tokenize: (piece) =>
      bestCuts(piece, pieces).flatMap(([start, end]): Piece[] => {
        const token = piece.slice(start, end);
        const id = ids.get(token);
        if (id !== undefined) return [{ id, start, end }];
        const fallback = bytes ? byteIds(token, vocabulary) : undefined;
        if (fallback !== undefined) return fallback.map((byte) => ({ id: byte, start, end }));
        return [{ id: unknown ?? missing(token), start, end }];
      }),
  };
}

function unknownOf(part: JsonObject, count: number): number | undefined {
  const given = part['unk_id'];
  if (given === null || given === undefined) return undefined;
  if (Number.isSafeInteger(given) && (given as number) >= 0 && (given as number) < count)
    return given as number;
  throw new Error(`unk_id is ${JSON.stringify(given)}, and vocab has ${count} pieces`);
}

function missing(token: string): never {
  throw new Error(`${JSON.stringify(token)} is in no piece of vocab, and there is no unk_id`);
}

/** Viterbi, from the left; neighbouring characters without a piece are one cut. */
function bestCuts(text: string, pieces: Pieces): [number, number][] {
  const { ids, scores, unknown, unknownScore, longest, round } = pieces;
  const best = new Float64Array(text.length + 1);
  const from = new Int32Array(text.length + 1).fill(-1);
  const chosen = new Int32Array(text.length + 1);
  const reach = (at: number, score: number, start: number, id: number): void => {
    if (from[at] !== -1 && !(score > best[at]!)) return;
    best[at] = score;
    from[at] = start;
    chosen[at] = id;
  };
  for (let start = 0; start < text.length;) {
    const width = text.codePointAt(start)! > 0xffff ? 2 : 1;
    const here = best[start]!;
    const last = Math.min(text.length, start + (longest.get(text.charCodeAt(start)) ?? 0));
    let single = false;
    for (let end = start + width; end <= last; end++) {
      const id = ids.get(text.slice(start, end));
      if (id === undefined) continue;
      reach(end, round(here + scores[id]!), start, id);
      single ||= end === start + width;
    }
    if (!single) {
      reach(
        start + width,
        round(here + unknownScore),
        start,
        unknown ?? missing(text.slice(start, start + width)),
      );
    }
    start += width;
  }
  const cuts: [number, number][] = [];
  let joins = false;
  for (let end = text.length; end > 0; end = from[end]!) {
    const isUnknown = chosen[end] === unknown;
    const first = cuts.at(-1);
    if (isUnknown && joins && first !== undefined) first[0] = from[end]!;
    else cuts.push([from[end]!, end]);
    joins = isUnknown;
  }
  return cuts.reverse();
}
