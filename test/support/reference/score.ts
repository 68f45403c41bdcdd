/** Scores: how many rows, and how many (model type, class) pairs with all of their rows, are exact. */
import { compare, inWords, type Verdict } from './compare';
import { identityOf, type Row } from './rows';

/** What was found of the rows of one pair. */
export interface Pair {
  readonly type: string;
  readonly architecture: string;
  rows: number;
  /** Rows whose one number agrees. */
  byTotal: number;
  /** Rows with nothing that differs. */
  exact: number;
  /** The first thing that differs, with its first tensor. */
  first: string;
}

export type Score = ReadonlyMap<string, Pair>;

export interface Sums {
  readonly types: number;
  readonly pairs: number;
  readonly pairsByTotal: number;
  readonly pairsExact: number;
  readonly rows: number;
  readonly rowsExact: number;
}

/** Of parameters, and of FLOPs. */
export interface Scores {
  readonly parameters: Score;
  readonly flops: Score;
}

export function scoresOf(rows: readonly Row[]): Scores {
  const scores = { parameters: new Map<string, Pair>(), flops: new Map<string, Pair>() };
  for (const row of rows) {
    // A class that could not be built says nothing.
    if (row.error !== undefined && row.error !== null) continue;
    const { parameters, flops } = compare(row);
    if (parameters !== undefined) enter(scores.parameters, row, parameters);
    if (flops !== undefined) enter(scores.flops, row, flops);
  }
  return scores;
}

function enter(pairs: Map<string, Pair>, row: Row, { total, differences }: Verdict): void {
  const { type, architecture } = identityOf(row);
  const name = `${type} ${architecture}`;
  const pair = pairs.get(name) ?? { type, architecture, rows: 0, byTotal: 0, exact: 0, first: '' };
  pairs.set(name, pair);
  pair.rows++;
  if (total) pair.byTotal++;
  if (differences.length === 0) pair.exact++;
  else pair.first ||= inWords(differences.find(({ tensors }) => tensors.length > 0) ?? differences[0]!, 1);
}

export function sums(score: Score): Sums {
  const pairs = [...score.values()];
  const total = (of: (pair: Pair) => number): number => pairs.reduce((sum, pair) => sum + of(pair), 0);
  return {
    types: new Set(pairs.map(({ type }) => type)).size,
    pairs: pairs.length,
    pairsByTotal: pairs.filter(({ rows, byTotal }) => rows === byTotal).length,
    pairsExact: pairs.filter(({ rows, exact }) => rows === exact).length,
    rows: total(({ rows }) => rows),
    rowsExact: total(({ exact }) => exact),
  };
}

/** Pairs of which some row is not exact. */
export function inexact(score: Score): Pair[] {
  return [...score.values()].filter(({ rows, exact }) => exact < rows);
}
