import assert from 'node:assert/strict';
import { NumberFormat, padNumber } from '../../../src/host/format';

describe('number formats', () => {
  const format = new NumberFormat('en');

  it('shows every digit, with separators, beyond what a double holds', () => {
    assert.equal(format.exact(8_030_261_248), '8,030,261,248');
    assert.equal(format.exact(12_345_678_901_234_567_891n), '12,345,678,901,234,567,891');
  });

  it('shows three significant digits with the scale of counts', () => {
    const pairs: [number | bigint, string][] = [
      [0, '0'],
      [999, '999'],
      [1000, '1.00 K'],
      [8_030_261_248, '8.03 B'],
      [80_302_612_480, '80.3 B'],
      [999_499_999, '999 M'],
      [999_500_000, '1.00 B'],
      [-525_336_576, '−525 M'],
      [15_642_000_000_000n, '15.6 T'],
    ];
    for (const [value, text] of pairs) assert.equal(format.compact(value), text);
  });

  it('shows prefixes for units, and bytes in binary ones', () => {
    assert.equal(format.prefixed(15_642_000_000_000n), '15.6 T');
    assert.equal(format.prefixed(2_500), '2.50 k');
    assert.equal(format.bytes(16_060_522_496), '15.0 GiB');
    assert.equal(format.bytes(512), '512 B');
    assert.equal(format.bytes(131_072), '128 KiB');
  });

  it('shows shares, and never rounds something to nothing', () => {
    assert.equal(format.share(6_979_584_000, 8_030_261_248), '87%');
    assert.equal(format.share(1, 1_000_000), '<1%');
    assert.equal(format.share(0, 0), '0%');
  });

  it('uses the separators of the language', () => {
    assert.equal(new NumberFormat('de').exact(8_030_261_248), '8.030.261.248');
    assert.equal(new NumberFormat('de').compact(8_030_261_248), '8,03 B');
  });

  it('fills up with spaces as wide as a digit', () => {
    assert.equal(padNumber('7%', 3), '\u20077%');
    assert.equal(padNumber('100%', 3), '100%');
  });
});
