import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import * as path from 'node:path';
import type { EngineApi } from '../../src/protocol/engine';
import type { RunHead, RunInput } from '../../src/protocol/run';
import { ids, localEngine, refuses, request } from './support/engine';
import { configText, fixtures } from './support/files';
import { difference, readTensors } from './support/reference';

async function run(
  fixture: string,
  input: RunInput,
  options: { memory?: number; output?: true } = {},
): Promise<{ engine: EngineApi; head: RunHead }> {
  const { engine, states } = localEngine(options.memory === undefined ? {} : { memory: options.memory });
  const head = await engine.openRun(1, {
    ...request(configText(fixture), input, path.join(fixtures, fixture)),
    ...(options.output ? { output: true } : {}),
  });
  assert.deepEqual(await states.ended(head.run), { type: 'done' });
  return { engine, head };
}

const floats = ({ values }: { values: ArrayBuffer }): Float32Array => new Float32Array(values);

describe('maps that are computed again', () => {
  for (const fixture of ['llama', 'gpt2', 't5', 'bert', 'deepseek_v3', 'albert', 'mixtral']) {
    it(`are those that would have been kept: ${fixture}`, async () => {
      const kept = await run(fixture, ids(60));
      const again = await run(fixture, ids(60), { memory: fixture === 't5' ? 200_000 : 85_000 });
      assert.deepEqual([kept.head.maps, again.head.maps], ['kept', 'again']);
      for (const { index, heads } of kept.head.layers) {
        const [first, second] = await Promise.all(
          [kept, again].map(({ engine, head }) => engine.thumbnails(head.run, index, 9)),
        );
        assert.deepEqual(second, first);
        for (let head = 0; head < heads; head++) {
          const [a, b] = await Promise.all(
            [kept, again].map(({ engine, head: { run: own } }) => engine.headMap(own, index, head)),
          );
          assert.deepEqual(floats(b!), floats(a!));
        }
      }
    });
  }
});

describe('a part of a map', () => {
  it('has the queries that are asked for', async () => {
    for (const memory of [2 ** 30, 120_000]) {
      const { engine, head } = await run('t5', ids(50), { memory });
      for (const { index, queries, keys } of head.layers) {
        const whole = floats(await engine.headMap(head.run, index, 1));
        const part = await engine.headMap(head.run, index, 1, { queries: [3, queries - 2] });
        assert.deepEqual([part.first, part.queries, part.keys], [3, queries - 5, keys]);
        assert.deepEqual(floats(part), whole.slice(3 * keys, (queries - 2) * keys));
      }
    }
  });

  it('is refused where there is none such', async () => {
    const { engine, head } = await run('t5', ids(5));
    await refuses(engine.headMap(head.run, 0, 9), 'engine', /no head 9/);
    await refuses(engine.headMap(head.run, 0, 0, { queries: [2, 6] }), 'engine', /5 queries, and not 2 to 6/);
    await refuses(engine.headMap(head.run, 0, 0, { queries: [2, 2] }), 'engine', /not 2 to 2/);
    await refuses(engine.headMap(head.run, 99, 0), 'engine', /layer 99 is not done/);
  });

  it('is scores whose softmax is the probabilities', async () => {
    for (const fixture of ['llama', 't5', 'gpt2']) {
      const { engine, head } = await run(fixture, ids(17));
      for (const { index, queries, keys } of head.layers) {
        const scores = floats(await engine.headMap(head.run, index, 0, { scores: true }));
        const wanted = floats(await engine.headMap(head.run, index, 0));
        const least = Math.min(...scores.filter((score) => !Number.isNaN(score)));
        assert.ok(least < 0, 'probabilities are never negative');
        for (let query = 0; query < queries; query++) {
          const row = [...scores.slice(query * keys, (query + 1) * keys)];
          const weights = row.map((score) => (Number.isNaN(score) ? NaN : Math.exp(score)));
          const sum = weights.reduce((all, weight) => all + (Number.isNaN(weight) ? 0 : weight), 0);
          weights.forEach((weight, key) => {
            const probability = wanted[query * keys + key]!;
            assert.equal(Number.isNaN(weight), Number.isNaN(probability));
            if (!Number.isNaN(weight)) assert.ok(Math.abs(weight / sum - probability) < 1e-6);
          });
        }
      }
    }
  });
});

describe('thumbnails', () => {
  it('are averages where these are asked for', async () => {
    const { engine, head } = await run('bert', ids(8));
    const { bytes, maximum, rows, columns } = await engine.thumbnails(head.run, 0, 4, 'mean');
    const map = floats(await engine.headMap(head.run, 0, 0));
    assert.deepEqual([rows, columns], [4, 4]);
    const mean = (map[0]! + map[1]! + map[8]! + map[9]!) / 4;
    assert.ok(Math.abs((new Uint8Array(bytes)[0]! / 254) * maximum - mean) < maximum / 254);
  });
});

describe('what a model makes', () => {
  for (const fixture of ['llama', 'gpt2', 'bert', 't5', 'mixtral', 'deepseek_v3']) {
    it(`is the reference’s, for the positions that are asked for: ${fixture}`, async () => {
      const reference = await readTensors(path.join(fixtures, fixture, 'reference.safetensors'));
      const decoder = reference.get('decoder_input_ids');
      const { engine, head } = await run(
        fixture,
        {
          type: 'ids',
          ids: [...reference.get('input_ids')!.data],
          ...(decoder === undefined ? {} : { decoder: [...decoder.data] }),
        },
        { output: true },
      );
      const wanted = reference.get('logits')!;
      const [rows, width] = wanted.shape.slice(-2) as [number, number];
      const largest = wanted.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      for (const [from, to] of [
        [0, rows],
        [rows - 1, rows],
      ] as const) {
        const made = await engine.output(head.run, [from, to]);
        assert.deepEqual(made.shape, [to - from, width]);
        const error = difference(floats(made), wanted.data.subarray(from * width, to * width));
        assert.ok(error / largest < 1e-4, `${error}`);
      }
      const states = [...reference.keys()].filter((name) => /^hidden_states\.\d+$/.test(name));
      // The last is normed in the reference.
      for (let index = 0; index < states.length - 1; index++) {
        const state = reference.get(`hidden_states.${index}`)!;
        const own = await engine.hiddenState(head.run, index);
        assert.ok(difference(floats(own), state.data) < 1e-4);
      }
    });
  }

  it('is not there where it was not asked for', async () => {
    const { engine, head } = await run('llama', ids(5));
    await refuses(engine.output(head.run, [0, 1]), 'engine', /no output/);
    await refuses(engine.hiddenState(head.run, 0), 'engine', /not there/);
  });
});

describe('many runs', () => {
  it('that come after one another leave nothing behind', async () => {
    const { engine, states } = localEngine({ memory: 2 ** 20 });
    const text = configText('gpt2');
    const folder = path.join(fixtures, 'gpt2');
    const open = (): number => (existsSync('/proc/self/fd') ? process.getActiveResourcesInfo().length : 0);
    const before = open();
    let heap = 0;
    for (let turn = 0; turn < 1000; turn++) {
      const head = await engine.openRun(turn, request(text, ids(6), turn % 2 === 0 ? folder : undefined));
      // Some are closed before they have ended.
      if (turn % 3 !== 0) await states.ended(head.run);
      await engine.closeRun(head.run);
      if (turn === 200) heap = process.memoryUsage().heapUsed;
    }
    // One more needs all of the memory that there was at first.
    const last = await engine.openRun(0, request(text, ids(100)));
    assert.equal(last.maps, 'kept');
    await engine.closeRun(last.run);
    assert.ok(open() <= before + 2, 'resources are open');
    assert.ok(process.memoryUsage().heapUsed - heap < 64 * 2 ** 20, 'the heap grew');
  }).timeout(60_000);

  it('that go on at the same time get their turns: a short one is not kept waiting by a long one', async () => {
    const { engine, states } = localEngine();
    const long = JSON.stringify({
      ...(JSON.parse(configText('gpt2')) as object),
      n_layer: 400,
      n_positions: 256,
    });
    const first = await engine.openRun(1, request(long, ids(256)));
    const second = await engine.openRun(2, request(configText('gpt2'), ids(9)));
    assert.deepEqual(await states.ended(second.run), { type: 'done' });
    assert.equal(states.of(first.run).at(-1)!.type, 'running');
    await engine.closeRun(first.run);
    assert.deepEqual(await states.ended(first.run), { type: 'cancelled' });
  });
});
