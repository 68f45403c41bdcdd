import { strict as assert } from 'node:assert';
import { fallen, held, scoreOf } from '../../support/reference/ratchet';
import { sums } from '../../support/reference/score';

describe('counts against the real classes', () => {
  for (const what of held) {
    it(`${what}: every pair that was exact is`, () => {
      const score = scoreOf(what);
      assert.ok(sums(score).rows > 0);
      const lost = fallen(what, score).map(
        ({ type, architecture, first }) => `${type} ${architecture}: ${first}`,
      );
      assert.deepEqual(lost, [], 'npm run check:architecture -- TYPE says more');
    }).timeout(60_000);
  }
});
