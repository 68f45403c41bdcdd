/**
 * Tests the second engine with a real Python: `npm run test:pytorch -- --python PYTHON [--reference DIR]`.
 *
 * PYTHON has torch, transformers and accelerate, and Ray for the tests of it. DIR holds folders of a config.json, a
 * model.safetensors and a reference.safetensors; the fixtures where it is left out.
 */
import * as path from 'node:path';
import { parseArgs } from 'node:util';
import { run } from './lib/processes.mjs';
import { Failure, root, runMain } from './lib/project.mjs';

await runMain(async () => {
  const { values } = parseArgs({
    options: {
      python: { type: 'string' },
      reference: { type: 'string', default: 'test/fixtures/attention' },
    },
  });
  if (!values.python) throw new Failure('name a Python that has torch and transformers: --python PYTHON');
  const mocha = path.join(root, 'node_modules/mocha/bin/mocha.js');
  process.exitCode = await run(process.execPath, [mocha, 'test/pytorch/**/*.test.ts'], {
    cwd: root,
    env: {
      ...process.env,
      HEADLIGHT_PYTHON: values.python,
      HEADLIGHT_REFERENCE: path.resolve(values.reference),
    },
  });
});
