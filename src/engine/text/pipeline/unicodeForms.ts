/** Unicode's normal forms (UAX #15), following where each character comes from. */
import { rewritten, type Aligned, type Change } from './aligned';

export type Form = 'NFC' | 'NFD' | 'NFKC' | 'NFKD';

export function normalForm(source: Aligned, form: Form): Aligned {
  const wanted = source.text.normalize(form);
  if (wanted === source.text) return source;
  const decomposed = ordered(decompose(source.text, form === 'NFKC' || form === 'NFKD' ? 'NFKD' : 'NFD'));
  return rewritten(source, form === 'NFC' || form === 'NFKC' ? composed(decomposed) : decomposed);
}

/** Each character's own decomposition: its first character takes its place, the others are put in. */
function decompose(text: string, form: Form): Change[] {
  const changes: Change[] = [];
  for (const char of text) {
    let change = 0;
    for (const part of char.normalize(form)) changes.push([part, change++ === 0 ? 0 : 1]);
  }
  return changes;
}

/** Combining marks in the order of their classes, those of equal class as they come. */
function ordered(changes: readonly Change[]): Change[] {
  const result: Change[] = [];
  for (let at = 0; at < changes.length;) {
    let end = at;
    while (end < changes.length && isCombining(changes[end]![0])) end++;
    if (end > at) {
      result.push(...sortedMarks(changes.slice(at, end)));
      at = end;
    } else {
      result.push(changes[at++]!);
    }
  }
  return result;
}

/** The runtime sorts them; what was put in and what was there is told apart by matching equal marks in order. */
function sortedMarks(marks: readonly Change[]): Change[] {
  const before = marks.map(([char]) => char).join('');
  const after = before.normalize('NFD');
  if (after === before) return [...marks];
  const left = [...marks];
  return Array.from(after, (char) => {
    const index = left.findIndex(([mark]) => mark === char);
    return left.splice(index, 1)[0]!;
  });
}

/** Canonical composition: a starter takes in what follows it and is not blocked. */
function composed(changes: readonly Change[]): Change[] {
  const result: Change[] = [];
  let starter = -1;
  /** The last mark that stayed between the starter and here. */
  let last: string | undefined;
  for (const [char, change] of changes) {
    const combining = isCombining(char);
    if (starter >= 0 && !isBlocked(last, char, combining)) {
      const [base, before] = result[starter]!;
      const pair = pairOf(base, char);
      if (pair !== undefined) {
        result[starter] = [pair, before + change - 1];
        continue;
      }
    }
    result.push([char, change]);
    if (combining) {
      last = char;
    } else {
      starter = result.length - 1;
      last = undefined;
    }
  }
  return result;
}

function isBlocked(last: string | undefined, char: string, combining: boolean): boolean {
  if (last === undefined) return false;
  return !combining || sameClass(last, char);
}

/** The character that two make together, if there is one. */
function pairOf(first: string, second: string): string | undefined {
  const pair = (first + second).normalize('NFC');
  return pair.codePointAt(0)! > 0xffff
    ? pair.length === 2
      ? pair
      : undefined
    : pair.length === 1
      ? pair
      : undefined;
}

/** U+0345 has the highest combining class: in normal order it comes after every other mark. */
const HIGHEST = '\u0345';
const combiningMarks = new Map<string, boolean>();

/** Whether a character of a decomposition has a combining class other than 0. */
function isCombining(char: string): boolean {
  if (char < '\u0300') return false;
  let known = combiningMarks.get(char);
  if (known === undefined) {
    known = char === HIGHEST || (HIGHEST + char).normalize('NFD') !== HIGHEST + char;
    combiningMarks.set(char, known);
  }
  return known;
}

/** Of two marks in normal order. */
function sameClass(first: string, second: string): boolean {
  return (second + first).normalize('NFD') === second + first;
}
