import { strict as assert } from 'node:assert';
import { fallen, heldScores } from '../../support/reference/ratchet';
import { sums } from '../../support/reference/score';

describe('counts against the real classes', function () {
  this.timeout(600_000);
  let scores: ReturnType<typeof heldScores>;
  before(() => (scores = heldScores()));

  for (const what of ['defaults parameters', 'defaults FLOPs', 'variations parameters', 'variations FLOPs']) {
    it(`${what}: every pair that was exact is`, () => {
      const score = scores.get(what);
      assert.ok(score !== undefined && sums(score).rows > 0);
      const lost = fallen(what, score).map(
        ({ type, architecture, first }) => `${type} ${architecture}: ${first}`,
      );
      assert.deepEqual(lost, [], 'npm run check:architecture -- TYPE says more');
    });
  }
});
