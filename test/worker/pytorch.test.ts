import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { pathToFileURL } from 'node:url';
import { createEngine } from '../../src/engine/engine';
import { decodeFrame, encodeFrame, FrameReader, type FrameTensor } from '../../src/engine/pytorch/frames';
import { PyTorch } from '../../src/engine/pytorch/pytorch';
import { PythonProcess } from '../../src/engine/pytorch/process';
import type { EngineApi } from '../../src/protocol/engine';
import type { RunState } from '../../src/protocol/run';
import { ids, refuses, request, States } from './support/engine';
import { configText, removeFolders, temporaryFolder } from './support/files';

const fake = pathToFileURL(path.join(import.meta.dirname, 'support/fakePython.mjs')).href;
const helper = path.join(import.meta.dirname, '../../python/helper.py');

interface Setup {
  readonly engine: EngineApi;
  readonly states: States;
  readonly printed: string[];
  readonly wanted: ReturnType<typeof request> & { readonly pytorch: object };
  readonly pytorch: PyTorch;
}

const started: PyTorch[] = [];

/** An engine whose Python plays a part. */
function setup(part: string, idle?: number): Setup {
  const script = path.join(temporaryFolder(), 'helper.mjs');
  writeFileSync(script, `import { play } from ${JSON.stringify(fake)};\nplay(${JSON.stringify(part)});\n`);
  const printed: string[] = [];
  const pytorch = new PyTorch({
    script,
    log: (line) => printed.push(line),
    limits: { start: part === 'silent' ? 300 : 20_000, answer: 300, grace: 200 },
    ...(idle === undefined ? {} : { idle }),
  });
  started.push(pytorch);
  const states = new States();
  const engine = createEngine({ runChanged: states.runChanged }, { pytorch });
  const wanted = {
    ...request(configText('gpt2'), ids(4)),
    pytorch: { interpreter: process.execPath, dtype: 'float32' },
  } as const;
  return { engine, states, printed, wanted, pytorch };
}

async function failureOf({ engine, states, wanted }: Setup): Promise<RunState> {
  const { run } = await engine.openRun(1, wanted);
  return states.ended(run);
}

describe('a run in Python', () => {
  afterEach(() => {
    for (const pytorch of started.splice(0)) pytorch.dispose();
    removeFolders();
  });

  it('says which engine ran, and on what', async () => {
    const { engine, wanted } = setup('well');
    const head = await engine.openRun(1, wanted);
    assert.deepEqual(head.engine, { name: 'pytorch', device: 'cpu', version: 'torch 2.0, transformers 5.0' });
    assert.deepEqual(head.weights, { type: 'seeded', seed: 1, by: 'torch' });
    assert.deepEqual(head.withheld, ['layers.3: no attention']);
    assert.equal(head.layers[0]!.mask, 'causal');
    assert.equal(head.tokens.length, 4);
  });

  it('announces layers as they come, and hands out what is asked', async () => {
    const { engine, states, wanted } = setup('well');
    const { run } = await engine.openRun(1, wanted);
    assert.deepEqual(await states.ended(run), { type: 'done' });
    assert.deepEqual(
      states.of(run).map((state) => (state.type === 'running' ? state.done : state.type)),
      [0, 1, 3, 'done'],
    );
    const thumbnails = await engine.thumbnails(run, 1, 64);
    assert.deepEqual([thumbnails.heads, thumbnails.rows, thumbnails.maximum], [2, 4, 0.5]);
    const map = await engine.headMap(run, 0, 1);
    assert.deepEqual([...new Float32Array(map.values)], new Array(16).fill(0.25));
    await engine.closeRun(run);
    await refuses(engine.headMap(run, 0, 1), 'engine', /not open/);
  });

  it('keeps one Python for its runs, and ends it when none is open', async () => {
    const { engine, states, wanted, printed, pytorch } = setup('well', 50);
    for (let number = 1; number <= 20; number++) {
      const { run } = await engine.openRun(number, wanted);
      await states.ended(run);
      await engine.closeRun(run);
    }
    assert.equal(printed.filter((line) => line.startsWith('starting')).length, 1);
    assert.ok(pytorch.running);
    await new Promise((resolve) => setTimeout(resolve, 150));
    assert.ok(!pytorch.running);
    assert.deepEqual(await failureOf({ engine, states, wanted, printed, pytorch }), { type: 'done' });
  });

  for (const [part, code, message] of [
    ['refuses', 'pytorch', /no torch/],
    ['silent', 'pytorch', /did not load PyTorch within 0\.3 s/],
    ['deadAtStart', 'pytorch', /exit code 3.*no libtorch/],
    ['noise', 'pytorch', /no frame/],
    ['huge', 'pytorch', /no frame: it claims/],
    ['memory', 'memory', /9 MB are free/],
    ['unknownCode', 'pytorch', /what/],
  ] as const) {
    it(`refuses to open where Python ${part}`, async () => {
      const { engine, wanted } = setup(part);
      await refuses(engine.openRun(1, wanted), code, message);
    });
  }

  it('refuses an interpreter that is not there, by its name', async () => {
    const { engine, wanted } = setup('well');
    const pytorch = { interpreter: '/nowhere/python3', dtype: 'float32' } as const;
    await refuses(engine.openRun(1, { ...wanted, pytorch }), 'pytorch', /\/nowhere\/python3 .*ENOENT/);
  });

  it('fails with the last words of a Python that dies, and starts another', async () => {
    const own = setup('dies');
    const state = await failureOf(own);
    assert.ok(state.type === 'failed');
    assert.equal(state.error.code, 'pytorch');
    assert.match(state.error.detail, /exit code 3.*Segmentation fault/);
    assert.ok(own.printed.includes('a warning'));
    assert.equal((await failureOf(own)).type, 'failed');
  });

  it('takes a killed Python for one that ran out of memory', async () => {
    const state = await failureOf(setup('killed'));
    assert.ok(state.type === 'failed');
    assert.equal(state.error.code, 'memory');
  });

  it('kills a Python that goes on after a run was cancelled', async () => {
    const { engine, states, wanted, pytorch } = setup('stubborn');
    const { run } = await engine.openRun(1, wanted);
    await states.until(run, (state) => state.type === 'running' && state.done === 1);
    engine.cancel(1);
    assert.deepEqual(await states.ended(run), { type: 'cancelled' });
    await new Promise((resolve) => setTimeout(resolve, 400));
    assert.ok(!pytorch.running);
  });

  it('cancels while Python is starting', async () => {
    const { engine, wanted } = setup('silent');
    const opening = engine.openRun(1, wanted);
    setTimeout(() => engine.cancel(1), 50);
    await assert.rejects(opening, { name: 'Cancelled' });
  });

  it('gives up on an answer that does not come', async () => {
    const { engine, states, wanted } = setup('hangs');
    const { run } = await engine.openRun(1, wanted);
    await states.ended(run);
    await refuses(engine.thumbnails(run, 0, 8), 'pytorch', /did not answer "thumbnails"/);
    await engine.closeRun(run);
  });

  it('believes no map that is none', async () => {
    for (const [part, message] of [
      ['nan', /query 0 has no finite attention/],
      ['wrongShape', /answers F32 \[1, 4\] where F32 \[4, 4\] is due/],
    ] as const) {
      const { engine, states, wanted } = setup(part);
      const { run } = await engine.openRun(1, wanted);
      await states.ended(run);
      await refuses(engine.headMap(run, 0, 0), 'pytorch', message);
    }
  });
});

describe('frames', () => {
  const bytes = new Uint8Array(Float32Array.of(1, 2, 3).buffer);
  const frame = {
    message: { do: 'open', run: 1 },
    tensors: new Map<string, FrameTensor>([['x', { dtype: 'F32', shape: [3], bytes }]]),
  };

  it('come through in pieces of any size', async () => {
    const whole = Buffer.concat([...encodeFrame(frame), ...encodeFrame(frame)]);
    for (const size of [1, 7, 64, whole.length]) {
      const reader = new FrameReader();
      const payloads: Buffer[] = [];
      for (let at = 0; at < whole.length; at += size)
        payloads.push(...reader.push(whole.subarray(at, at + size)));
      assert.equal(payloads.length, 2);
      const { message, tensors } = await decodeFrame(payloads[1]!);
      assert.deepEqual(message, frame.message);
      assert.deepEqual([...tensors.get('x')!.bytes], [...bytes]);
    }
  });

  it('are refused where they lie', async () => {
    const payload = Buffer.concat(encodeFrame(frame)).subarray(8);
    await refuses(decodeFrame(payload.subarray(0, -4)), 'pytorch', /cut off/);
    const nothing = Buffer.from(payload);
    nothing.write('x', payload.indexOf('message'));
    await refuses(decodeFrame(nothing), 'pytorch', /no message/);
  });
});

describe('the helper script', () => {
  afterEach(removeFolders);
  const python = ['python3', 'python'].find((name) => spawnSync(name, ['--version']).status === 0);

  it('tells a Python without PyTorch how to get it, whatever is printed', async function () {
    if (python === undefined) return this.skip();
    const printed: string[] = [];
    const { PYTHONPATH: before } = process.env;
    // sitecustomize runs before the script: prints, and hides torch where there is one.
    const folder = temporaryFolder();
    const hide =
      'class Hide:\n  def find_spec(self, name, *_):\n    if name == "torch": raise ModuleNotFoundError(name)\n';
    writeFileSync(
      path.join(folder, 'sitecustomize.py'),
      `import sys\n${hide}sys.meta_path.insert(0, Hide())\n`,
    );
    process.env['PYTHONPATH'] = folder;
    try {
      const own = new PythonProcess({
        interpreter: python,
        script: helper,
        log: (line) => printed.push(line),
      });
      await refuses(own.ready, 'pytorch', /(has no torch.*pip install torch transformers|3\.10 or later)/s);
    } finally {
      if (before === undefined) delete process.env['PYTHONPATH'];
      else process.env['PYTHONPATH'] = before;
    }
  });
});
