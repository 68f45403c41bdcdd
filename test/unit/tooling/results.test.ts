import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { readResults } from '../../../scripts/lib/results.mjs';

const root = path.resolve(__dirname, '../../..');

describe('counts of a Mocha run', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'headlight-counts-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** Runs `suite` as `npm test` does, and reads what it left. */
  function counts(suite: string) {
    const file = path.join(folder, 'suite.test.cjs');
    const results = path.join(folder, 'results.ndjson');
    writeFileSync(file, suite);
    const reporter = path.join(root, 'test/harness/reporter.cjs');
    const mocha = path.join(root, 'node_modules/mocha/bin/mocha.js');
    const { status } = spawnSync(
      process.execPath,
      [mocha, '--no-config', '--forbid-only', '--reporter', reporter, file],
      { cwd: root, env: { ...process.env, HEADLIGHT_TEST_RESULTS: results } },
    );
    const { passed, failed, skipped, fault } = readResults(results, status ?? 128);
    return { passed, failed, skipped, fault };
  }

  it('are those of its tests', () => {
    const suite = `it('a', () => {}); it('b', () => {}); it.skip('c', () => {}); it('d', () => { throw new Error(); });`;
    assert.deepEqual(counts(suite), { passed: 2, failed: 1, skipped: 1, fault: undefined });
  });

  it('have one failure more where the process ends itself in the middle', () => {
    const { passed, failed, fault } = counts(
      `it('a', () => {}); it('b', () => process.exit(0)); it('c', () => {});`,
    );
    assert.deepEqual([passed, failed], [1, 1]);
    assert.match(fault ?? '', /died after 1 test/);
  });

  it('have one failure more where the process is killed', () => {
    const { passed, failed } = counts(
      `it('a', () => {}); it('b', () => process.kill(process.pid, 'SIGKILL'));`,
    );
    assert.deepEqual([passed, failed], [1, 1]);
  });

  it('have a failure where a file does not load', () => {
    assert.equal(counts(`throw new Error('at load');`).failed, 1);
  });

  it('have a failure where there is no test', () => {
    assert.equal(counts('').failed, 1);
  });

  it('have a failure where a hook fails', () => {
    const { passed, failed } = counts(`before(() => { throw new Error(); }); it('a', () => {});`);
    assert.deepEqual([passed, failed], [0, 1]);
  });

  it('have a failure where `.only` leaves out the others', () => {
    assert.equal(counts(`it.only('a', () => {}); it('b', () => {});`).failed, 1);
  });

  it('have a failure where all tests passed but the exit code says otherwise', () => {
    const { passed, failed } = counts(`it('a', () => {}); process.on('exit', () => process.reallyExit(3));`);
    assert.deepEqual([passed, failed], [1, 1]);
  });
});
