/**
 * Makes media/class-tables.br and media/forward-tables.br: what each class of transformers builds, read from its
 * constructor, and what it computes, read from its forward pass.
 *
 *   npm run tables -- --python PYTHON    a Python that has the transformers release to read
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { parseArgs } from 'node:util';
import { brotliCompressSync, constants } from 'node:zlib';
import { Failure, root, runMain } from './lib/project.mjs';

await runMain(() => {
  const { values } = parseArgs({ options: { python: { type: 'string', default: 'python3' } } });
  const folder = mkdtempSync(path.join(tmpdir(), 'headlight-tables-'));
  try {
    for (const name of ['class', 'forward']) {
      const file = path.join(folder, `${name}.txt`);
      const tool = path.join(root, `tools/reference/${name}_tables.py`);
      const { status } = spawnSync(values.python, [tool, '--out', file], { stdio: 'inherit' });
      if (status !== 0) throw new Failure(`tools/reference/${name}_tables.py did not end well`);
      const text = readFileSync(file);
      const params = {
        [constants.BROTLI_PARAM_LGWIN]: 24,
        [constants.BROTLI_PARAM_SIZE_HINT]: text.length,
      };
      const packed = brotliCompressSync(text, { params });
      writeFileSync(path.join(root, `media/${name}-tables.br`), packed);
      console.log(`media/${name}-tables.br: ${packed.length} bytes`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return Promise.resolve();
});
