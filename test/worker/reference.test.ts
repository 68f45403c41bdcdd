import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import * as path from 'node:path';
import { fixtures } from './support/files';
import { plainKernels } from '../../src/engine/kernels/plain';
import { compareFolder } from './support/reference';

const folders = readdirSync(fixtures).filter((name) =>
  existsSync(path.join(fixtures, name, 'model.safetensors')),
);

describe('the forward pass against transformers', () => {
  it('has its reference folders', () => {
    for (const family of ['llama', 'gpt2', 'bert', 'albert', 'mixtral', 'deepseek_v3', 't5', 'vit']) {
      assert.ok(folders.includes(family), family);
    }
  });

  for (const folder of folders) {
    it(folder, async () => {
      const { maps, attention, hidden, logits, missing, unused } = await compareFolder(
        path.join(fixtures, folder),
      );
      assert.ok(maps > 0);
      assert.ok(attention <= 1e-5, `attention differs by ${attention}`);
      assert.ok(hidden <= 1e-4, `hidden states differ by ${hidden}`);
      assert.ok(logits <= 1e-4, `logits differ by ${logits}`);
      assert.deepEqual(missing, []);
      assert.deepEqual(unused, []);
    });
  }

  it('llama and t5 in plain TypeScript', async () => {
    for (const folder of ['llama', 't5']) {
      const { attention, hidden } = await compareFolder(path.join(fixtures, folder), plainKernels);
      assert.ok(attention <= 1e-5 && hidden <= 1e-4, `${folder}: ${attention}, ${hidden}`);
    }
  });
});
