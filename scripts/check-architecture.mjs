/**
 * Compares a model type with the real classes, tensor by tensor, and its FLOPs:
 *
 *     npm run check:architecture -- TYPE… [--rows FILE…] [--architecture NAME] [--seed N] [--all]
 *
 * Without --rows: the committed defaults, FLOPs and variations. FILE has rows of the same form (see
 * test/fixtures/reference/README.md); tools/reference/variations.py draws them. With --seed N it draws fresh ones now,
 * with the Python of HEADLIGHT_PYTHON, which has transformers.
 */
import { spawnSync } from 'node:child_process';
import * as path from 'node:path';
import { parseArgs } from 'node:util';
import { compareFlops, compareParameters, inWords } from '../test/support/reference/compare.ts';
import { configOf, fixture, identityOf, readRows } from '../test/support/reference/rows.ts';
import { root, temporaryFolder } from './lib/project.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rows: { type: 'string', multiple: true },
    architecture: { type: 'string' },
    seed: { type: 'string' },
    all: { type: 'boolean' },
  },
});

/** Rows that differ are shown in full up to this many of an architecture. */
const SHOWN = values.all ? Infinity : 2;

/** @param {string} seed */
function drawn(seed) {
  const file = path.join(temporaryFolder('variations'), 'rows.jsonl.gz');
  const script = path.join(root, 'tools/reference/variations.py');
  const args = [script, '--types', positionals.join(','), '--seed', seed, '--each', '6', '--out', file];
  const { status } = spawnSync(process.env.HEADLIGHT_PYTHON ?? 'python3', args, { stdio: 'inherit' });
  if (status !== 0)
    throw new Error('no variations drawn: set HEADLIGHT_PYTHON to a Python with transformers');
  return file;
}

const files =
  values.seed !== undefined
    ? [drawn(values.seed)]
    : (values.rows ?? [fixture('parameters-defaults'), fixture('flops-defaults'), fixture('variations')]);

/** Architecture → what was compared. @type {Map<string, { rows: number, exact: number, flops: number, equal: number, shown: string[], wrong: number }>} */
const found = new Map();
for (const row of files.flatMap((file) => readRows(file).rows)) {
  const { type, architecture } = identityOf(row);
  if (!positionals.includes(type) || row.error !== undefined) continue;
  if (values.architecture !== undefined && values.architecture !== architecture) continue;
  const tally = found.get(architecture) ?? { rows: 0, exact: 0, flops: 0, equal: 0, shown: [], wrong: 0 };
  found.set(architecture, tally);
  /** @type {string[]} */
  const differences = [];
  if (row.total !== undefined || row.params !== undefined) {
    const verdict = compareParameters(row);
    tally.rows++;
    if (verdict.differences.length === 0) tally.exact++;
    differences.push(...verdict.differences.map((each) => inWords(each)));
  }
  if (row.flops !== undefined && differences.length === 0) {
    const verdict = compareFlops(row);
    tally.flops++;
    if (verdict.differences.length === 0) tally.equal++;
    const inputs = JSON.stringify(row.inputs ?? row.shapes);
    differences.push(...verdict.differences.map((each) => `${inWords(each)} for ${inputs}`));
  } else if (row.flops !== undefined) tally.flops++;
  if (differences.length === 0) continue;
  if (++tally.wrong > SHOWN) continue;
  tally.shown.push(`  ${JSON.stringify(configOf(row))}`, ...differences.map((each) => `    ${each}`));
}

let exact = found.size > 0;
for (const [architecture, { rows, exact: same, flops, equal, shown, wrong }] of found) {
  console.log(`${architecture}: ${same} of ${rows} exact by tensor, FLOPs ${equal} of ${flops} equal`);
  for (const line of shown) console.log(line);
  if (wrong > SHOWN) console.log(`  … and ${wrong - SHOWN} more configs (--all)`);
  if (wrong > 0) exact = false;
}
if (found.size === 0) console.log(`no rows of ${positionals.join(', ') || 'no type'} in ${files.join(', ')}`);
process.exitCode = exact ? 0 : 1;
