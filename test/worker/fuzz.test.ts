import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { fuzz, SUBJECTS } from './support/fuzz';

/** A larger number looks longer: HEADLIGHT_FUZZ=200000 npx mocha test/worker/fuzz.test.ts */
const inputs = Number(process.env['HEADLIGHT_FUZZ'] ?? 600);

describe('headers that nobody vouches for', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'headlight-fuzz-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const subject of SUBJECTS) {
    it(`${subject.name}: read or refused by name, in bounds and in time`, async function () {
      this.timeout(Math.max(10_000, inputs * 20));
      const { read, refused, findings } = await fuzz(subject, inputs, 5, folder);
      assert.deepEqual(findings, []);
      assert.equal(read + refused, inputs);
      // Else the mutations would be too coarse, or the reader would believe anything.
      assert.ok(read > 0 && refused > inputs / 4, `${read} read, ${refused} refused`);
      if (process.env['HEADLIGHT_FUZZ'] !== undefined) console.log(`      ${read} read, ${refused} refused`);
    });
  }

  it('begins with files that are right', () => {
    for (const { file, bytes } of SUBJECTS) {
      writeFileSync(path.join(folder, file), bytes);
      assert.equal(readFileSync(path.join(folder, file)).length, bytes.length);
    }
  });
});
