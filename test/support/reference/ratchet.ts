/**
 * The ratchet: a committed list of the pairs that are not exact yet. Every pair that is not on it has to be, so none
 * falls back; `npm run scoreboard -- --accept` writes it anew, and its diff shows what was won or lost.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { fixture, readRows, type Rows } from './rows';
import { inexact, scoreFlops, scoreParameters, type Pair, type Score } from './score';

const LIST = path.join(import.meta.dirname, '../../fixtures/reference/not-yet-exact.txt');

/** What the ratchet holds: defaults and drawn configs, each by parameters and by FLOPs. */
export const held = ['defaults parameters', 'defaults FLOPs', 'variations parameters', 'variations FLOPs'] as const;

export type Held = (typeof held)[number];

export function scoreOf(what: Held): Score {
  const rows = (name: Parameters<typeof fixture>[0]): Rows['rows'] => readRows(fixture(name)).rows;
  switch (what) {
    case 'defaults parameters':
      return scoreParameters(rows('parameters-defaults'));
    case 'defaults FLOPs':
      return scoreFlops(rows('flops-defaults'));
    case 'variations parameters':
      return scoreParameters(rows('variations'));
    case 'variations FLOPs':
      return scoreFlops(rows('variations'));
  }
}

/** Pairs that are not exact and should be. */
export function fallen(what: Held, score: Score): Pair[] {
  const listed = new Set(readFileSync(LIST, 'utf8').split('\n'));
  return inexact(score).filter((pair) => !listed.has(line(what, pair)));
}

/** Writes the list from how things are. */
export function accept(): { file: string; pairs: number } {
  const lines = held.flatMap((what) => inexact(scoreOf(what)).map((pair) => line(what, pair)));
  writeFileSync(LIST, [...lines.sort(), ''].join('\n'));
  return { file: LIST, pairs: lines.length };
}

function line(what: Held, { type, architecture }: Pair): string {
  return `${what} ${type} ${architecture}`;
}
