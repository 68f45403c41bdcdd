import { strict as assert } from 'node:assert';
import { build } from '../../../src/core/service';
import { forwardFlops } from '../../../src/core/measure/flops';
import { expandedParams, rows, tensors, type VariationRow } from './reference';

/** Configs drawn by tools/reference/variations.py: other sizes, flags, groups and aliases than the defaults. */
describe('counts of varied configs against the real classes', () => {
  const drawn = rows<VariationRow>('variations');
  const architectures = [...new Set(drawn.map(({ config }) => config.architectures[0]!))];

  for (const architecture of architectures) {
    const mine = drawn.filter(({ config }) => config.architectures[0] === architecture);

    it(`${architecture}: every tensor of ${mine.length} configs`, () => {
      for (const row of mine) {
        const { model, problems } = build(JSON.stringify(row.config));
        assert.ok(model, JSON.stringify({ problems, config: row.config }));
        const found = tensors(model);
        assert.deepEqual(found.params, expandedParams(row), JSON.stringify(row.config));
        assert.deepEqual(found.tied, row.tied, JSON.stringify(row.config));
      }
    });

    it(`${architecture}: FLOPs at other batches and lengths`, () => {
      const counted = mine.filter(({ flops }) => flops !== undefined);
      assert.ok(counted.length > 0, 'no row has FLOPs');
      for (const { config, inputs = {}, flops = 0 } of counted) {
        const { model } = build(JSON.stringify(config));
        assert.ok(model);
        const [batch = 1, tokens = 1] = inputs['input_ids'] ?? inputs['pixel_values'] ?? [];
        const decoderTokens = inputs['decoder_input_ids']?.[1] ?? tokens;
        const { total } = forwardFlops(model, { batch, tokens, decoderTokens, context: 0 });
        assert.equal(total.forward - total.unseen, BigInt(flops), JSON.stringify({ config, inputs }));
      }
    });
  }
});
