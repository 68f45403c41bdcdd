/**
 * Compares the engine's attention with reference values: `npm run check:attention -- DIR`.
 *
 * DIR holds folders of a config.json, a model.safetensors and a reference.safetensors each (or is such a folder). For
 * each it prints the largest error of a probability, and of hidden states and logits where the reference has them.
 */
import { existsSync, readdirSync } from 'node:fs';
import * as path from 'node:path';
import { buildKernels } from './lib/kernels.mjs';

// Only now: it imports them.
await buildKernels();
const { compareFolder } = await import('../test/worker/support/reference.ts');

const LIMIT = 1e-5;

const directory = path.resolve(process.argv[2] ?? 'test/fixtures/attention');
const isReference = (/** @type {string} */ folder) =>
  ['config.json', 'reference.safetensors'].every((name) => existsSync(path.join(folder, name)));
const folders = isReference(directory)
  ? [directory]
  : readdirSync(directory)
      .sort()
      .map((name) => path.join(directory, name))
      .filter(isReference);

let within = 0;
for (const folder of folders) {
  const name = path.basename(folder).padEnd(24);
  try {
    const { maps, attention, hidden, logits, missing } = await compareFolder(folder);
    const others = `hidden states ${hidden.toExponential(1)}, logits ${logits.toExponential(1)}`;
    const lacking = missing.length ? `, ${missing.length} tensors missing` : '';
    console.log(`${name} ${attention.toExponential(2)} over ${maps} maps (${others}${lacking})`);
    if (maps > 0 && attention <= LIMIT) within++;
  } catch (error) {
    console.log(`${name} not run: ${error instanceof Error ? error.message : String(error)}`);
  }
}
console.log(`attention: ${within} of ${folders.length} within 1e-5`);
process.exitCode = within === folders.length ? 0 : 1;
