import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { Worker } from 'node:worker_threads';
import { build } from 'esbuild';
import type { EngineApi, EngineEvents } from '../../src/protocol/engine';
import { connect, type Remote } from '../../src/protocol/rpc';
import { request, States } from './support/engine';
import { configText, fixtures, removeFolders, temporaryFolder } from './support/files';

const root = path.join(import.meta.dirname, '../..');
const sample = (name: string): string =>
  readFileSync(path.join(root, 'samples', name, 'config.json'), 'utf8');
const workload = { batch: 1, tokens: 16, decoderTokens: 16, context: 16 };

describe('the bundled worker', () => {
  let worker: Worker;
  let engine: Remote<EngineApi, EngineEvents>;
  let states: States;
  let written = '';

  before(async () => {
    // As esbuild.mjs bundles it, so that the test does not depend on what lies in dist.
    const outfile = path.join(temporaryFolder(), 'worker.js');
    await build({
      entryPoints: [path.join(root, 'src/engine/worker.ts')],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      target: 'node20',
      mainFields: ['module', 'main'],
      minify: true,
      logLevel: 'error',
    });
    worker = new Worker(outfile, { stderr: true });
    worker.stderr.on('data', (text: Buffer) => (written += text.toString()));
    states = new States();
    engine = connect<EngineApi, EngineEvents>(
      { runChanged: states.runChanged },
      { post: (message) => worker.postMessage(message), listen: (receive) => worker.on('message', receive) },
      ['cancel'],
    );
  });

  after(async () => {
    await worker.terminate();
    removeFolders();
    assert.equal(written, '');
  });

  it('analyses', async () => {
    const analysis = await engine.analyse(1, { text: sample('llama-3.1-8b'), workload });
    assert.equal(analysis.figures?.parameters.total, 8_030_261_248);
  });

  it('makes the sharing graph', async () => {
    const graph = await engine.graph(2, { text: sample('gpt2'), workload });
    assert.equal(graph.total, 124_439_808);
  });

  it('runs, and hands over maps and thumbnails', async () => {
    const input = { type: 'ids', ids: [1, 2, 3, 4] } as const;
    const head = await engine.openRun(3, request(configText('bert'), input, path.join(fixtures, 'bert')));
    assert.deepEqual(await states.ended(head.run), { type: 'done' });
    const map = await engine.headMap(head.run, 2, 1);
    assert.ok(map.values instanceof ArrayBuffer);
    const values = new Float32Array(map.values);
    for (let query = 0; query < 4; query++) {
      const sum = values.subarray(query * 4, query * 4 + 4).reduce((a, b) => a + b, 0);
      assert.ok(Math.abs(sum - 1) < 1e-6);
    }
    // Handing over must not take the map away from the next question.
    assert.deepEqual(new Float32Array((await engine.headMap(head.run, 2, 1)).values), values);
    const { bytes, rows, columns, heads } = await engine.thumbnails(head.run, 2, 3);
    assert.equal(bytes.byteLength, rows * columns * heads);
    await engine.closeRun(head.run);
  });

  it('answers an analysis, and is cancelled, in the middle of a large layer', async () => {
    const head = await engine.openRun(4, request(sample('llama-3.1-8b'), 'The quick brown '));
    await states.until(head.run, (state) => state.type === 'running' && state.done === 1);
    const { outcome } = await engine.analyse(5, { text: sample('gpt2'), workload });
    assert.equal(outcome, 'counted');
    assert.deepEqual(states.of(head.run).at(-1), { type: 'running', done: 1, of: 32 });
    void engine.cancel(4);
    assert.deepEqual(await states.ended(head.run), { type: 'cancelled' });
    assert.deepEqual(states.of(head.run).at(-2), { type: 'running', done: 1, of: 32 });
  });

  it('tells failures by code, and survives them', async () => {
    const refused = async (promise: Promise<unknown>, code: string): Promise<void> =>
      assert.rejects(promise, (error: Error & { code?: string }) => {
        assert.equal(error.code, code, error.message);
        return true;
      });
    await refused(engine.openRun(6, request('{"model_type": 7}', 'x')), 'config');
    await refused(engine.openRun(7, request(configText('gpt2'), '')), 'tokenizer');
    await refused(engine.headMap(99, 0, 0), 'engine');
    await refused(engine.thumbnails(99, 0, 1), 'engine');
    await refused(engine.graph(8, { text: '{', workload }), 'config');
    assert.equal((await engine.analyse(9, { text: '{"a": 1}', workload })).outcome, 'none');
  });

  it('drops an analysis that a newer keystroke has overtaken', async () => {
    // What is asked while the worker computes comes in at once when it is done. On a busy machine this thread may be too
    // slow to withdraw the question in time: then it is tried again.
    let outcome = '';
    for (let ticket = 10; outcome !== 'cancelled' && ticket < 30; ticket += 3) {
      const busy = engine.analyse(ticket, { text: sample('deepseek-v3'), workload });
      const older = engine.analyse(ticket + 1, { text: sample('gpt2'), workload });
      void engine.cancel(ticket + 1);
      const newer = engine.analyse(ticket + 2, { text: sample('gpt2'), workload });
      assert.equal((await busy).outcome, 'counted');
      outcome = await older.then(
        () => 'answered',
        ({ code }: { code: string }) => code,
      );
      assert.equal((await newer).outcome, 'counted');
    }
    assert.equal(outcome, 'cancelled');
  });
});
