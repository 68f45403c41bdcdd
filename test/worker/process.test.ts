import assert from 'node:assert/strict';
import * as path from 'node:path';
import { build } from 'esbuild';
import { startWorkerProcess, type WorkerPort } from '../../src/host/workerPort';
import type { EngineApi, EngineEvents } from '../../src/protocol/engine';
import { connect, type Remote } from '../../src/protocol/rpc';
import { localEngine, request, States } from './support/engine';
import { configText, fixtures, removeFolders, temporaryFolder } from './support/files';

const root = path.join(import.meta.dirname, '../..');

describe('the engine in a process of its own', () => {
  let port: WorkerPort;
  let engine: Remote<EngineApi, EngineEvents>;
  const states = new States();
  const written: string[] = [];
  let ended: (reason: string) => void;
  const end = new Promise<string>((resolve) => (ended = resolve));

  before(async () => {
    const outfile = path.join(temporaryFolder(), 'worker.js');
    await build({
      entryPoints: [path.join(root, 'src/engine/worker.ts')],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      target: 'node20',
      mainFields: ['module', 'main'],
      logLevel: 'error',
    });
    let receive: (message: unknown) => void = () => {};
    port = startWorkerProcess(outfile, (line) => written.push(line))({
      message: (message) => receive(message),
      ended,
    });
    engine = connect<EngineApi, EngineEvents>(
      { runChanged: states.runChanged },
      { post: (message) => port.post(message), listen: (listener) => (receive = listener) },
      ['cancel', 'configure'],
    );
  });

  after(() => {
    port.stop();
    removeFolders();
  });

  it('gives the maps that the worker thread gives', async () => {
    const input = { type: 'ids', ids: [1, 2, 3, 4, 5, 6, 7] } as const;
    const asked = request(configText('bert'), input, path.join(fixtures, 'bert'));
    const local = localEngine();
    const [theirs, ours] = [await engine.openRun(1, asked), await local.engine.openRun(1, asked)];
    assert.deepEqual(await states.ended(theirs.run), { type: 'done' });
    await local.states.ended(ours.run);
    for (const { index } of ours.layers) {
      const [a, b] = [
        new Float32Array((await engine.headMap(theirs.run, index, 1)).values),
        new Float32Array((await local.engine.headMap(ours.run, index, 1)).values),
      ];
      assert.equal(a.length, 49);
      a.forEach((value, i) => assert.ok(Math.abs(value - b[i]!) < 1e-6, `${value} and ${b[i]}`));
    }
    const { bytes } = await engine.thumbnails(theirs.run, 0, 3);
    assert.ok(bytes instanceof ArrayBuffer && bytes.byteLength > 0);
    await engine.closeRun(theirs.run);
  });

  it('tells failures by code', async () => {
    await assert.rejects(engine.openRun(2, request('{"model_type": 7}', 'x')), { code: 'config' });
  });

  it('is told to have ended when it dies', async () => {
    port.stop();
    assert.equal(await end, 'exit code SIGKILL');
    // What is said to a process that is gone is not an error.
    port.post('x');
  });
});
