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
import { compare, inWords } from '../test/support/reference/compare.ts';
import { configOf, fixture, identityOf, readRows } from '../test/support/reference/rows.ts';
import { Failure, root, runMain, temporaryFolder } from './lib/project.mjs';

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

/** @typedef {{ rows: number, exact: number, flops: number, equal: number, wrong: number, shown: string[] }} Tally */

await runMain(async () => {
  const committed = [fixture('parameters-defaults'), fixture('flops-defaults'), fixture('variations')];
  const files = values.seed === undefined ? (values.rows ?? committed) : [drawn(values.seed)];
  /** By architecture. @type {Map<string, Tally>} */
  const found = new Map();
  for (const row of files.flatMap((file) => readRows(file).rows)) {
    const { type, architecture } = identityOf(row);
    if (!positionals.includes(type) || row.error !== undefined) continue;
    if (values.architecture !== undefined && values.architecture !== architecture) continue;
    const tally = found.get(architecture) ?? { rows: 0, exact: 0, flops: 0, equal: 0, wrong: 0, shown: [] };
    found.set(architecture, tally);
    judge(row, tally);
  }
  for (const [architecture, { rows, exact, flops, equal, wrong, shown }] of found) {
    console.log(`${architecture}: ${exact} of ${rows} exact by tensor, FLOPs ${equal} of ${flops} equal`);
    for (const line of shown) console.log(line);
    if (wrong > SHOWN) console.log(`  … and ${wrong - SHOWN} more configs (--all)`);
  }
  if (found.size === 0) throw new Failure(`no rows of ${positionals.join(', ') || 'no type'}`);
  if ([...found.values()].some(({ wrong }) => wrong > 0)) process.exitCode = 1;
});

/** @param {string} seed */
function drawn(seed) {
  const file = path.join(temporaryFolder('variations'), 'rows.jsonl.gz');
  const script = path.join(root, 'tools/reference/variations.py');
  const args = [script, '--types', positionals.join(','), '--seed', seed, '--each', '6', '--out', file];
  const { status } = spawnSync(process.env.HEADLIGHT_PYTHON ?? 'python3', args, { stdio: 'inherit' });
  if (status === 0) return file;
  throw new Failure('nothing drawn: set HEADLIGHT_PYTHON to a Python with transformers');
}

/**
 * @param {import('../test/support/reference/rows.ts').Row} row
 * @param {Tally} tally
 */
function judge(row, tally) {
  const { parameters, flops } = compare(row);
  const differences = (parameters?.differences ?? []).map((each) => inWords(each));
  if (parameters) {
    tally.rows++;
    if (differences.length === 0) tally.exact++;
  }
  if (flops) {
    tally.flops++;
    if (flops.differences.length === 0) tally.equal++;
    // Wrong tensors have wrong FLOPs; there is no more to say then.
    else if (differences.length === 0) {
      const inputs = JSON.stringify(row.inputs ?? row.shapes);
      differences.push(...flops.differences.map((each) => `${inWords(each)} for ${inputs}`));
    }
  }
  if (differences.length === 0 || ++tally.wrong > SHOWN) return;
  tally.shown.push(`  ${JSON.stringify(configOf(row))}`, ...differences.map((each) => `    ${each}`));
}
