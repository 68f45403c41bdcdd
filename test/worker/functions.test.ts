import assert from 'node:assert/strict';
import { erf } from '../../src/engine/kernels/plain/erf';
import { bucketOf } from '../../src/engine/ops/attention/relative';
import { visibleKeys } from '../../src/engine/ops/attention/mask';

describe('erf', () => {
  it('agrees with its series everywhere', () => {
    for (let x = -7; x <= 7; x += 0.03125) {
      // erf x = 2/√π · e^(−x²) · Σ 2ⁿ x^(2n+1) / (2n+1)!!
      let term = x;
      let sum = x;
      for (let n = 1; n < 300; n++) sum += term *= (2 * x * x) / (2 * n + 1);
      const expected = (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
      assert.ok(Math.abs(erf(x) - expected) < 1e-13, `${x}: ${erf(x)} and ${expected}`);
    }
  });
});

describe('masks', () => {
  it('full, causal and sliding windows', () => {
    assert.deepEqual(visibleKeys({ type: 'full' }, 2, 5), [0, 5]);
    assert.deepEqual(visibleKeys({ type: 'causal' }, 2, 5), [0, 3]);
    assert.deepEqual(visibleKeys({ type: 'slidingWindow', window: 2 }, 0, 5), [0, 1]);
    assert.deepEqual(visibleKeys({ type: 'slidingWindow', window: 2 }, 4, 5), [3, 5]);
  });
});

describe('relative buckets', () => {
  it('are those of T5', () => {
    const scheme = {
      type: 'relativeBuckets',
      table: { shape: [32, 4] },
      buckets: 32,
      maxDistance: 128,
    } as const;
    // From T5Attention._relative_position_bucket.
    const both = [-200, -128, -64, -20, -8, -1, 0, 1, 7, 8, 20, 64, 127, 128, 500];
    assert.deepEqual(
      both.map((distance) => bucketOf({ ...scheme, bidirectional: true }, distance)),
      [15, 15, 14, 10, 8, 1, 0, 17, 23, 24, 26, 30, 31, 31, 31],
    );
    assert.deepEqual(
      both.map((distance) => bucketOf({ ...scheme, bidirectional: false }, distance)),
      [31, 31, 26, 17, 8, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    );
  });
});
