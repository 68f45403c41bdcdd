import assert from 'node:assert/strict';
import type { Analysis } from '../../../src/core/analysis';
import { EngineClient, type EngineState } from '../../../src/host/engineClient';
import { RemoteError } from '../../../src/protocol/rpc';
import type { EngineApi } from '../../../src/protocol/engine';
import type { RunHead, RunRequest, RunState } from '../../../src/protocol/run';
import { FakeClock, deferred, fakeWorkers, settle, type FakeWorker } from './fakeWorker';

const request = { text: '{}', workload: { batch: 1, tokens: 1, decoderTokens: 1, context: 1 } };
const runRequest: RunRequest = { configText: '{}', input: { type: 'text', text: 'a' }, seed: 0 };
const none: Analysis = { outcome: 'none', anchors: {}, problems: [] };
const never = new AbortController().signal;

function runHead(run: number): RunHead {
  const head = {
    engine: { name: 'headlight', device: 'cpu' },
    modelType: 'm',
    architecture: 'M',
    missing: [],
    unused: [],
    tokens: [],
    layers: [],
    maps: 'kept',
  } as const;
  return { ...head, run, weights: { type: 'seeded', seed: 0 }, tokenizer: 'bytes' };
}

interface Setup {
  readonly client: EngineClient;
  readonly workers: FakeWorker[];
  readonly clock: FakeClock;
}

function setup(api: Partial<EngineApi>, idle = 0, limit = 5): Setup {
  const clock = new FakeClock();
  const { start, workers } = fakeWorkers(api);
  const respawns = { limit, window: 60_000 };
  return {
    client: new EngineClient({
      start,
      log: () => {},
      settings: () => ({ memory: 2 ** 30 }),
      idle: () => idle,
      clock,
      respawns,
    }),
    workers,
    clock,
  };
}

const code = (expected: string) => (error: unknown) => (error as { code?: string }).code === expected;

describe('engine client', () => {
  it('starts the worker with the first question, and only one', async () => {
    const { client, workers } = setup({ analyse: () => Promise.resolve(none) });
    assert.equal(workers.length, 0);
    assert.deepEqual(await client.analyse(request, never), none);
    await client.analyse(request, never);
    assert.equal(workers.length, 1);
    assert.equal(client.state, 'running');
  });

  it('passes on an error of the worker with its code, and asks no second time', async () => {
    const failure = Object.assign(new Error('no such tensor'), { code: 'weights' });
    const { client, workers } = setup({ graph: () => Promise.reject(failure) });
    await assert.rejects(client.graph(request, never), (error: unknown) => {
      assert.ok(error instanceof RemoteError);
      return error.code === 'weights' && error.message === 'no such tensor';
    });
    assert.deepEqual(workers[0]!.calls, ['graph']);
  });

  it('asks an analysis again when its worker dies', async () => {
    let asked = 0;
    const { client, workers } = setup({
      analyse: () => (++asked === 1 ? new Promise<Analysis>(() => {}) : Promise.resolve(none)),
    });
    const answer = client.analyse(request, never);
    await settle();
    workers[0]!.die();
    assert.deepEqual(await answer, none);
    assert.equal(workers.length, 2);
  });

  it('does not ask a third time what ended two workers', async () => {
    const { client, workers } = setup({ analyse: () => new Promise<Analysis>(() => {}) });
    const answer = client.analyse(request, never);
    await settle();
    workers[0]!.die();
    await settle();
    workers[1]!.die();
    await assert.rejects(answer, code('poison'));
    assert.equal(workers.length, 2);
  });

  it('asks again after any number of restarts by the command', async () => {
    let asked = 0;
    const { client, workers } = setup({
      analyse: () => (++asked <= 3 ? new Promise<Analysis>(() => {}) : Promise.resolve(none)),
    });
    const answer = client.analyse(request, never);
    await settle();
    client.restart();
    await settle();
    workers[1]!.die();
    await settle();
    client.restart();
    assert.deepEqual(await answer, none);
    assert.equal(workers.length, 4);
  });

  it('logs what a listener throws', async () => {
    const lines: string[] = [];
    const { start, workers } = fakeWorkers({ analyse: () => Promise.resolve(none) });
    const client = new EngineClient({
      start,
      log: (line) => lines.push(line),
      settings: () => ({ memory: 2 ** 30 }),
      idle: () => 0,
    });
    for (const signal of [client.died, client.stateChanged]) {
      signal.on(() => {
        throw new Error('broken listener');
      });
    }
    await client.analyse(request, never);
    workers[0]!.die();
    await settle();
    assert.equal(lines.filter((line) => line.includes('broken listener')).length, 3);
  });

  it('gives up after too many deaths in a minute, until it is restarted or the minute is over', async () => {
    const { client, workers, clock } = setup({ analyse: () => Promise.resolve(none) }, 0, 3);
    for (let death = 0; death < 3; death++) {
      await client.analyse(request, never);
      workers[death]!.die();
      await settle();
    }
    assert.equal(client.state, 'failed');
    await assert.rejects(client.analyse(request, never), code('gaveUp'));
    assert.equal(workers.length, 3);
    client.restart();
    assert.equal(client.state, 'stopped');
    await client.analyse(request, never);
    workers[3]!.die();
    await settle();
    clock.pass(60_001);
    await client.analyse(request, never);
    assert.equal(workers.length, 5);
  });

  it('rejects at once when nobody wants the answer, and tells the worker', async () => {
    const { client, workers } = setup({ analyse: () => new Promise<Analysis>(() => {}) });
    const abort = new AbortController();
    const answer = client.analyse(request, abort.signal);
    await settle();
    abort.abort();
    await assert.rejects(answer, code('cancelled'));
    await settle();
    assert.deepEqual(workers[0]!.calls, ['analyse', 'cancel']);
    await assert.rejects(client.analyse(request, abort.signal), code('cancelled'));
  });

  it('hands out the states of a run, also those from before anyone listened', async () => {
    const { client, workers } = setup({ openRun: () => Promise.resolve(runHead(7)) });
    const run = await client.openRun(runRequest, never);
    await workers[0]!.events.runChanged(7, { type: 'running', done: 1, of: 2 });
    await settle();
    const states: RunState[] = [];
    run.listen((state) => states.push(state));
    await workers[0]!.events.runChanged(7, { type: 'done' });
    await settle();
    assert.deepEqual(states, [{ type: 'running', done: 1, of: 2 }, { type: 'done' }]);
  });

  it('closes a run that nobody waits for any more', async () => {
    const opened = deferred<RunHead>();
    const { client, workers } = setup({ openRun: () => opened.promise });
    const abort = new AbortController();
    const run = client.openRun(runRequest, abort.signal);
    await settle();
    abort.abort();
    await assert.rejects(run, code('cancelled'));
    opened.resolve(runHead(1));
    await settle();
    assert.deepEqual(workers[0]!.calls, ['configure', 'openRun', 'cancel', 'closeRun']);
  });

  it('tells of runs that went with their worker, rejects their calls, and numbers new ones apart', async () => {
    const maps: EngineApi['headMap'] = (run, layer, head) =>
      Promise.resolve({ run, layer, head, first: 0, queries: 0, keys: 0, values: new ArrayBuffer(0) });
    const { client, workers } = setup({ openRun: () => Promise.resolve(runHead(1)), headMap: maps });
    const first = await client.openRun(runRequest, never);
    assert.equal((await first.headMap(0, 0)).run, first.head.run);
    const lost: number[] = [];
    client.died.on(({ runs }) => lost.push(runs));
    workers[0]!.die();
    await settle();
    assert.deepEqual(lost, [1]);
    await assert.rejects(first.headMap(0, 0), code('restarted'));
    const second = await client.openRun(runRequest, never);
    assert.notEqual(second.head.run, first.head.run);
    assert.equal((await second.headMap(0, 0)).run, second.head.run);
    await assert.rejects(first.headMap(0, 0), code('restarted'));
  });

  it('does not open a run again that was being opened when the worker died', async () => {
    const { client, workers } = setup({ openRun: () => new Promise<RunHead>(() => {}) });
    const run = client.openRun(runRequest, never);
    await settle();
    workers[0]!.die();
    await assert.rejects(run, code('restarted'));
    assert.equal(workers.length, 1);
  });

  it('stops an idle worker, but not while a run is open', async () => {
    const { client, workers, clock } = setup(
      { analyse: () => Promise.resolve(none), openRun: () => Promise.resolve(runHead(1)) },
      1000,
    );
    const run = await client.openRun(runRequest, never);
    clock.pass(5000);
    assert.equal(workers[0]!.stopped, false);
    run.close();
    await settle();
    clock.pass(999);
    await client.analyse(request, never);
    clock.pass(999);
    assert.equal(workers[0]!.stopped, false, 'a question starts the waiting anew');
    clock.pass(1);
    assert.equal(workers[0]!.stopped, true);
    assert.equal(client.state, 'stopped');
    await client.analyse(request, never);
    assert.equal(workers.length, 2);
  });

  it('rejects what is open when it is disposed, and starts no worker again', async () => {
    const { client, workers } = setup({ analyse: () => new Promise<Analysis>(() => {}) });
    const answer = client.analyse(request, never);
    await settle();
    client.dispose();
    await assert.rejects(answer, code('stopped'));
    await assert.rejects(client.analyse(request, never), code('stopped'));
    assert.equal(workers.length, 1);
  });

  it('says how it is', async () => {
    const { client, workers } = setup({ analyse: () => Promise.resolve(none) }, 0, 1);
    const states: EngineState[] = [];
    client.stateChanged.on((state) => states.push(state));
    await client.analyse(request, never);
    workers[0]!.die();
    await settle();
    assert.deepEqual(states, ['running', 'failed']);
  });
});
