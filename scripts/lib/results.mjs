/** Counts of a Mocha run, from the file that test/harness/reporter.cjs wrote. */
import { existsSync, readFileSync } from 'node:fs';

/**
 * @typedef {object} Counts
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped
 * @property {string} [fault] what went wrong with the run itself, which counts as a failure
 * @property {readonly string[]} lines what the tests did, for a reader: a line each, errors below theirs
 */

/** @typedef {{ event: 'pass' | 'fail' | 'pending' | 'end', title?: string, error?: string }} Event */

const marks = { pass: '✔', fail: '✖', pending: '-', end: '' };

/**
 * Reads a run's results. A run that ended before its last test, that found no test, or whose exit code speaks of a
 * failure which no test reported, counts as one failure more.
 *
 * @param {string} file
 * @param {number} exitCode
 * @returns {Counts}
 */
export function readResults(file, exitCode) {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  // A process that is killed while it writes leaves half a line.
  const whole = text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter(Boolean);
  const events = whole.map((line) => /** @type {Event} */ (JSON.parse(line)));
  const count = (/** @type {Event['event']} */ kind) => events.filter(({ event }) => event === kind).length;
  const [passed, failed, skipped] = [count('pass'), count('fail'), count('pending')];
  const lines = events
    .filter(({ event }) => event !== 'end')
    .map(({ event, title, error }) => `  ${marks[event]} ${title}${error ? `\n${indent(error)}` : ''}`);
  const fault = runFault(count('end') > 0, passed + skipped, failed, exitCode);
  return { passed, failed: failed + (fault ? 1 : 0), skipped, lines, ...(fault ? { fault } : {}) };
}

/**
 * What went wrong with the run itself.
 *
 * @param {boolean} ended
 * @param {number} fine
 * @param {number} failed
 * @param {number} exitCode
 */
function runFault(ended, fine, failed, exitCode) {
  if (!ended) return `the run died after ${fine + failed} tests (exit code ${exitCode})`;
  if (fine + failed === 0) return 'the run had no tests';
  if (exitCode !== 0 && failed === 0) return `the run ended with exit code ${exitCode}`;
  return undefined;
}

/** @param {string} text */
function indent(text) {
  return text.replace(/^/gm, '      ');
}
