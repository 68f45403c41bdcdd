/**
 * How much of transformers is exact:
 *
 *     npm run scoreboard [-- [--rows FILE…] [--flops FILE…] [--all] [--accept]]
 *
 * Without files: the committed defaults of every class, and FLOPs of 280. FILE has rows as in test/fixtures/reference
 * (see its README), compressed or not; `tools/reference/variations.py` draws them. --all names every pair that differs,
 * with its first difference. --accept writes the list of what is not exact yet, which the unit tests hold.
 */
import { parseArgs } from 'node:util';
import { analyse } from '../src/core/service.ts';
import { accept } from '../test/support/reference/ratchet.ts';
import { configOf, fixture, readRows } from '../test/support/reference/rows.ts';
import { inexact, scoresOf, sums } from '../test/support/reference/score.ts';

const { values } = parseArgs({
  options: {
    rows: { type: 'string', multiple: true },
    flops: { type: 'string', multiple: true },
    all: { type: 'boolean' },
    accept: { type: 'boolean' },
  },
});

/** Types named where not all are. */
const SHOWN = 25;

const committed = values.rows === undefined && values.flops === undefined;
const parameterRows = load(committed ? [fixture('parameters-defaults')] : (values.rows ?? []));
// Rows of drawn configs have both.
const flopRows = committed
  ? load([fixture('flops-defaults')])
  : values.flops
    ? load(values.flops)
    : parameterRows;

const ofParameters = scoresOf(parameterRows);
const { parameters } = ofParameters;
const { flops } = flopRows === parameterRows ? ofParameters : scoresOf(flopRows);
const byTensor = sums(parameters);
const equal = sums(flops);

console.log(`parameters: ${byTensor.types} types, ${byTensor.pairs} pairs, ${byTensor.rows} configs`);
console.log(`  ${byTensor.pairsByTotal} pairs exact by total`);
console.log(`  ${byTensor.pairsExact} pairs exact by tensor`);
list(parameters);
console.log(`FLOPs: ${equal.types} types, ${equal.pairs} pairs, ${equal.rows} passes`);
console.log(`  ${equal.rowsExact} equal of ${equal.rows}`);
list(flops);
time([...parameterRows, ...(flopRows === parameterRows ? [] : flopRows)]);
if (values.accept) {
  const { file, pairs } = accept();
  console.log(`${pairs} pairs not exact yet: ${file}`);
}
console.log(
  `parameters ${byTensor.rowsExact} of ${byTensor.rows} exact, FLOPs ${equal.rowsExact} of ${equal.rows} equal`,
);

/** @param {readonly string[]} files */
function load(files) {
  return files.flatMap((file) => {
    try {
      const { rows, unreadable } = readRows(file);
      if (unreadable > 0) console.log(`${file}: ${unreadable} lines are no rows`);
      return rows;
    } catch (error) {
      console.log(`${file} can't be read: ${error instanceof Error ? error.message : String(error)}`);
      process.exitCode = 2;
      return [];
    }
  });
}

/** @param {import('../test/support/reference/score.ts').Score} score */
function list(score) {
  const wrong = inexact(score);
  if (values.all) {
    for (const { type, architecture, rows, exact, first } of wrong) {
      console.log(`  ${type} ${architecture}: ${exact} of ${rows}; ${first}`);
    }
    return;
  }
  /** @type {Map<string, string[]>} */
  const types = new Map();
  for (const { type, architecture } of wrong) {
    types.set(type, [...(types.get(type) ?? []), architecture]);
  }
  const named = [...types].slice(0, SHOWN);
  for (const [type, architectures] of named)
    console.log(`  not exact: ${type} (${architectures.join(', ')})`);
  if (types.size > SHOWN) console.log(`  … and ${types.size - SHOWN} more types (--all)`);
}

/**
 * All that the editor asks of a config: counts, FLOPs, memory, what keys cost.
 *
 * @param {readonly import('../test/support/reference/rows.ts').Row[]} rows
 */
function time(rows) {
  const texts = [...new Set(rows.filter(({ error }) => !error).map((row) => JSON.stringify(configOf(row))))];
  const workload = { batch: 1, tokens: 1024, decoderTokens: 1024, context: 4096 };
  const start = performance.now();
  let counted = 0;
  for (const text of texts) {
    try {
      if (analyse(text, workload).figures) counted++;
    } catch {
      // The comparison has said it.
    }
  }
  const spent = performance.now() - start;
  const each = counted === 0 ? 0 : spent / counted;
  console.log(
    `${counted} of ${texts.length} configs analysed in ${spent.toFixed(0)} ms, ${each.toFixed(2)} ms each`,
  );
}
