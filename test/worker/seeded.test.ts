import assert from 'node:assert/strict';
import { normalQuantile } from '../../src/engine/weights/normal';
import { SeededTensor } from '../../src/engine/weights/seeded';

function rows(seed: number, name: string, columns: number, first: number, count: number): Float32Array {
  const values = new Float32Array(count * columns);
  new SeededTensor(seed, name, columns, 0.02).rows(first, count, values, 0);
  return values;
}

/** The generator as its documentation states it, in exact integers. */
function documented(seed: number, name: string, row: number, column: number): number {
  const u32 = (x: bigint): bigint => BigInt.asUintN(32, x);
  const mix = (x: bigint): bigint => {
    x = u32((x ^ (x >> 16n)) * 0x7feb352dn);
    x = u32((x ^ (x >> 15n)) * 0x846ca68bn);
    return x ^ (x >> 16n);
  };
  const fnv = (basis: bigint): bigint =>
    Buffer.from(`${seed}\0${name}`).reduce((hash, byte) => u32((hash ^ BigInt(byte)) * 0x01000193n), basis);
  const k1 = mix(fnv(0x811c9dc5n) ^ mix(BigInt(row)));
  const k2 = mix(u32(fnv(0x2f0b4a27n) + BigInt(row) * 0x9e3779b1n));
  let x = u32(k1 + BigInt(column >> 1) * 0x85ebca6bn);
  x = u32((x ^ (x >> 16n)) * 0x7feb352dn) ^ k2;
  x = u32((x ^ (x >> 15n)) * 0x846ca68bn);
  x ^= x >> 16n;
  const half = Number(column % 2 === 0 ? x & 0xffffn : x >> 16n);
  return Math.fround(0.02 * Math.fround(normalQuantile((half + 0.5) / 65_536)));
}

describe('hsw1, the generator of seeded weights', () => {
  it('gives the same numbers everywhere', () => {
    const golden = [
      0.014129134826362133, 0.023723667487502098, 0.00024823661078698933, -0.0035663219168782234,
      -0.02070499211549759, -0.012622176669538021,
    ];
    assert.deepEqual([...rows(1, 'model.layers.0.self_attn.q_proj.weight', 6, 2, 1)], golden);
  });

  it('does what its documentation says', () => {
    for (const [seed, name, row] of [
      [0, 'a', 0],
      [7, 'wte.weight', 50_256],
      [-1, 'é', 3_000_000_000],
    ] as const) {
      const expected = Array.from({ length: 9 }, (_, column) => documented(seed, name, row, column));
      assert.deepEqual([...rows(seed, name, 9, row, 1)], expected);
    }
  });

  it('gives any row without those before it', () => {
    assert.deepEqual(rows(1, 'x', 5, 0, 4).subarray(15), rows(1, 'x', 5, 3, 1));
  });

  it('differs by seed, by name and by row', () => {
    const first = rows(1, 'x', 64, 0, 1);
    assert.notDeepEqual(first, rows(2, 'x', 64, 0, 1));
    assert.notDeepEqual(first, rows(1, 'y', 64, 0, 1));
    assert.notDeepEqual(first, rows(1, 'x', 64, 1, 1));
  });

  it('is normal: mean, deviation, fourth moment, and no correlation of neighbours', () => {
    const values = rows(3, 'x', 1000, 0, 1000);
    const moment = (power: number): number =>
      values.reduce((sum, x) => sum + (x / 0.02) ** power, 0) / values.length;
    assert.ok(Math.abs(moment(1)) < 0.005);
    assert.ok(Math.abs(moment(2) - 1) < 0.01);
    assert.ok(Math.abs(moment(4) - 3) < 0.05);
    for (const lag of [1, 2, 1000, 1001]) {
      let product = 0;
      for (let i = lag; i < values.length; i++) product += (values[i]! * values[i - lag]!) / 0.0004;
      assert.ok(Math.abs(product / values.length) < 0.005, `lag ${lag}`);
    }
  });
});

describe('normalQuantile', () => {
  it('agrees with known quantiles', () => {
    assert.equal(normalQuantile(0.5), 0);
    assert.ok(Math.abs(normalQuantile(0.975) - 1.959963984540054) < 1e-14);
    assert.ok(Math.abs(normalQuantile(0.001) + 3.090232306167813) < 1e-13);
    assert.ok(Math.abs(normalQuantile(1e-6) + 4.753424308822899) < 1e-13);
  });
});
