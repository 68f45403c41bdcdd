/**
 * The ratchet: a committed list of the pairs that are not exact yet. Every pair that is not on it has to be, so none
 * falls back; `npm run scoreboard -- --accept` writes it anew, and its diff shows what was won or lost.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { fixture, readRows } from './rows';
import { inexact, scoresOf, type Pair, type Score } from './score';

const LIST = path.join(import.meta.dirname, '../../fixtures/reference/not-yet-exact.txt');

/** What the ratchet holds: defaults and drawn configs, each by parameters and by FLOPs. */
export function heldScores(): ReadonlyMap<string, Score> {
  const of = (name: Parameters<typeof fixture>[0]) => scoresOf(readRows(fixture(name)).rows);
  const variations = of('variations');
  return new Map([
    ['defaults parameters', of('parameters-defaults').parameters],
    ['defaults FLOPs', of('flops-defaults').flops],
    ['variations parameters', variations.parameters],
    ['variations FLOPs', variations.flops],
  ]);
}

/** Pairs that are not exact and should be. */
export function fallen(what: string, score: Score): Pair[] {
  const listed = new Set(readFileSync(LIST, 'utf8').split('\n'));
  return inexact(score).filter((pair) => !listed.has(line(what, pair)));
}

/** Writes the list from how things are. */
export function accept(): { file: string; pairs: number } {
  const lines = [...heldScores()].flatMap(([what, score]) => inexact(score).map((pair) => line(what, pair)));
  writeFileSync(LIST, [...lines.sort(), ''].join('\n'));
  return { file: LIST, pairs: lines.length };
}

function line(what: string, { type, architecture }: Pair): string {
  return `${what} ${type} ${architecture}`;
}
