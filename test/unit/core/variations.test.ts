import { strict as assert } from 'node:assert';
import { compareFlops, compareParameters } from '../../support/reference/compare';
import { fixture, identityOf, readRows } from '../../support/reference/rows';

/** Configs drawn by tools/reference/variations.py: other sizes, flags, groups and aliases than the defaults. */
describe('counts of varied configs against the real classes', () => {
  const drawn = readRows(fixture('variations')).rows;
  const architectures = [...new Set(drawn.map((row) => identityOf(row).architecture))];

  for (const architecture of architectures) {
    const mine = drawn.filter((row) => identityOf(row).architecture === architecture);

    it(`${architecture}: every tensor of ${mine.length} configs`, () => {
      for (const row of mine)
        assert.deepEqual(compareParameters(row).differences, [], JSON.stringify(row.config));
    });

    it(`${architecture}: FLOPs at other batches and lengths`, () => {
      const counted = mine.filter(({ flops }) => flops !== undefined);
      assert.ok(counted.length > 0, 'no row has FLOPs');
      for (const row of counted)
        assert.deepEqual(compareFlops(row).differences, [], JSON.stringify(row.config));
    });
  }
});
