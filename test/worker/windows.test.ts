/** Runs of models that look at several windows apart, and of one that has no attention. */
import assert from 'node:assert/strict';
import { localEngine, request } from './support/engine';

const SWIN = {
  model_type: 'swin',
  architectures: ['SwinModel'],
  image_size: 64,
  embed_dim: 12,
  depths: [2, 1],
  num_heads: [2, 3],
  window_size: 4,
};
const RESNET = {
  model_type: 'resnet',
  architectures: ['ResNetModel'],
  embedding_size: 8,
  hidden_sizes: [8, 8],
  depths: [1, 1],
};

describe('windows', () => {
  it('are heads one behind the other, each of its own places', async () => {
    const { engine, states } = localEngine();
    const { run, layers, tokens } = await engine.openRun(1, request(JSON.stringify(SWIN), 'x'));
    assert.equal((await states.ended(run)).type, 'done');
    assert.deepEqual(
      layers.map(({ heads, sequences, queries }) => [heads, sequences, queries]),
      [
        [32, 16, 16],
        [32, 16, 16],
        [12, 4, 16],
      ],
    );
    assert.deepEqual(
      tokens.map(({ text }) => text),
      Array.from({ length: 16 }, (_, i) => `${Math.floor(i / 4)},${i % 4}`),
    );
    // The last window of a shifted layer holds four regions, which are kept apart.
    const values = new Float32Array((await engine.headMap(run, 1, 31, {})).values);
    for (let query = 0; query < 16; query++) {
      for (let key = 0; key < 16; key++) {
        const region = (place: number): string => `${Number(place % 4 >= 2)}${Number(place >= 8)}`;
        assert.equal(values[query * 16 + key]! > 1e-6, region(query) === region(key), `${query}, ${key}`);
      }
      const sum = values.subarray(query * 16, query * 16 + 16).reduce((all, value) => all + value, 0);
      assert.ok(Math.abs(sum - 1) < 1e-5);
    }
    // Scores, which are computed again for this window's head alone: their softmax is the map.
    const scores = new Float32Array((await engine.headMap(run, 1, 31, { scores: true })).values);
    for (let query = 0; query < 16; query++) {
      const weights = scores.subarray(query * 16, query * 16 + 16).map(Math.exp);
      const all = weights.reduce((sum, value) => sum + value, 0);
      weights.forEach((weight, key) =>
        assert.ok(Math.abs(weight / all - values[query * 16 + key]!) < 1e-6, `${query}, ${key}`),
      );
    }
    assert.equal((await engine.thumbnails(run, 1, 8, 'max')).heads, 32);
  });
});

describe('a model without attention', () => {
  it('is refused where maps are asked for', async () => {
    const { engine } = localEngine();
    await assert.rejects(engine.openRun(1, request(JSON.stringify(RESNET), 'x')), /no attention to show/);
  });

  it('runs where its output is', async () => {
    const { engine, states } = localEngine();
    const asked = { ...request(JSON.stringify(RESNET), 'x'), output: true as const };
    const { run, layers } = await engine.openRun(1, asked);
    assert.deepEqual(layers, []);
    assert.equal((await states.ended(run)).type, 'done');
    const { shape, values } = await engine.output(run, [0, 8]);
    assert.deepEqual(shape, [8, 28, 28]);
    assert.ok(new Float32Array(values).every(Number.isFinite));
  });
});
