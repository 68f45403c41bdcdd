import assert from 'node:assert/strict';
import { plainKernels } from '../../src/engine/kernels/plain';
import { erf } from '../../src/engine/ops/erf';
import { bucketOf } from '../../src/engine/ops/attention/relative';
import { visibleKeys } from '../../src/engine/ops/attention/mask';
import { SeededTensor } from '../../src/engine/weights/seeded';

function random(name: string, size: number): Float32Array {
  const values = new Float32Array(size);
  new SeededTensor(1, name, size, 1).rows(0, 1, values, 0);
  return values;
}

describe('plain kernels', () => {
  for (const [m, n, k] of [
    [1, 1, 1],
    [4, 4, 3],
    [5, 7, 9],
    [13, 6, 32],
    [3, 9, 1],
    [8, 8, 0],
  ] as const) {
    it(`matmul ${m} × ${n} × ${k}, with offsets and strides`, () => {
      const a = { data: random('a', 600), offset: 2, stride: k + 1 };
      const b = { data: random('b', 600), offset: 5, stride: k + 2 };
      const c = { data: random('c', 600), offset: 3, stride: n + 3 };
      const expected = Float64Array.from(c.data);
      for (let i = 0; i < m; i++) {
        for (let j = 0; j < n; j++) {
          for (let p = 0; p < k; p++) {
            expected[3 + i * c.stride + j]! +=
              0.5 * a.data[2 + i * a.stride + p]! * b.data[5 + j * b.stride + p]!;
          }
        }
      }
      plainKernels.matmul(m, n, k, a, b, c, 0.5);
      c.data.forEach((value, i) => assert.ok(Math.abs(value - expected[i]!) < 1e-5, `element ${i}`));
    });
  }

  it('softmax keeps to its range, and survives large scores', () => {
    const data = Float32Array.of(7, 1000, 1001, 7);
    assert.equal(plainKernels.softmax(data, 1, 3), true);
    assert.ok(Math.abs(data[1]! - 1 / (1 + Math.E)) < 1e-7);
    assert.deepEqual([data[0], data[3]], [7, 7]);
  });

  for (const [what, scores] of [
    ['NaN', [1, NaN, 2]],
    ['infinity', [1, Infinity, 2]],
    ['nothing finite', [-Infinity, -Infinity]],
  ] as const) {
    it(`softmax tells of ${what}`, () => {
      assert.equal(plainKernels.softmax(Float32Array.from(scores), 0, scores.length), false);
    });
  }

  it('norms agree with their formulas', () => {
    const x = Float32Array.of(1, 2, 3, 6, -1, 0, 0, 1);
    const weight = Float32Array.of(1, 2, 1, 1);
    const bias = Float32Array.of(0, 0, 0.5, 0);
    const out = new Float32Array(8);
    plainKernels.layerNorm(x, out, 4, weight, bias, 0.1);
    const deviation = Math.sqrt(3.5 + 0.1);
    assert.ok(Math.abs(out[1]! - (2 * -1) / deviation) < 1e-6);
    assert.ok(Math.abs(out[2]! - 0.5) < 1e-6);
    plainKernels.rmsNorm(x, out, 4, weight, 0.1);
    assert.ok(Math.abs(out[3]! - 6 / Math.sqrt(12.5 + 0.1)) < 1e-6);
    assert.ok(Math.abs(out[4]! + 1 / Math.sqrt(0.5 + 0.1)) < 1e-6);
  });
});

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
