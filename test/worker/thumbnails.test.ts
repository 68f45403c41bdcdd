import assert from 'node:assert/strict';
import * as path from 'node:path';
import { ids, localEngine, request } from './support/engine';
import { configText, fixtures } from './support/files';

describe('thumbnails', () => {
  it('hold the largest probability of each pool in 255 levels, and mark what is masked', async () => {
    const { engine, states } = localEngine();
    const folder = path.join(fixtures, 'mixtral');
    // Large enough weights for maps that are not flat.
    const head = await engine.openRun(1, request(configText('mixtral'), ids(31), folder));
    await states.ended(head.run);
    const { heads, rows, columns, bytes, maximum } = await engine.thumbnails(head.run, 1, 8);
    assert.deepEqual([heads, rows, columns], [2, 8, 8]);
    const levels = new Uint8Array(bytes);
    let largest = 0;
    for (const number of [0, 1]) {
      const exact = new Float32Array((await engine.headMap(head.run, 1, number)).values);
      const pools = new Map<number, number>();
      exact.forEach((value, i) => {
        if (Number.isNaN(value)) return;
        const pool = Math.floor((Math.floor(i / 31) * 8) / 31) * 8 + Math.floor(((i % 31) * 8) / 31);
        pools.set(pool, Math.max(pools.get(pool) ?? 0, value));
        largest = Math.max(largest, value);
      });
      for (let pool = 0; pool < 64; pool++) {
        const value = pools.get(pool);
        const expected = value === undefined ? 255 : Math.round((value / maximum) * 254);
        assert.equal(levels[number * 64 + pool], expected, `head ${number}, pool ${pool}`);
      }
    }
    assert.equal(maximum, largest);
    assert.ok(levels.includes(255) && levels.includes(254));
  });

  it('are no larger than the maps, and one cell at least', async () => {
    const { engine, states } = localEngine();
    const head = await engine.openRun(1, request(configText('gpt2'), ids(5)));
    await states.ended(head.run);
    for (const [size, expected] of [
      [64, 5],
      [1, 1],
      [0, 1],
      [NaN, 1],
      [-3, 1],
      [2.7, 2],
    ] as const) {
      const { rows, columns } = await engine.thumbnails(head.run, 0, size);
      assert.deepEqual([rows, columns], [expected, expected]);
    }
  });
});
