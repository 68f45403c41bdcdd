import assert from 'node:assert/strict';
import { firstHeatmapState, graphState, heatmapState } from '../../../src/host/panels/states';

const config = 'file:///models/gpt2/config.json';

describe('kept panel states', () => {
  it('keeps what is whole', () => {
    const state = { config, input: { type: 'ids', ids: [1, 2] }, seed: 7, open: { layer: 1, head: 2 } };
    assert.deepEqual(heatmapState(state), state);
    const graph = { config, open: ['model'], selected: 'model.layers.{0-11}' };
    assert.deepEqual(graphState(graph), graph);
  });

  it('replaces what is damaged', () => {
    const damaged = {
      config,
      input: { type: 'ids', ids: [1, 'x'] },
      seed: -1,
      open: { layer: 'a' },
      more: 1,
    };
    assert.deepEqual(heatmapState(damaged), firstHeatmapState(config));
    assert.deepEqual(graphState({ config, open: [1, 'a'], selected: 3 }), { config, open: ['a'] });
  });

  it('is nothing without a config', () => {
    for (const kept of [undefined, null, 'x', {}, { config: 3 }, { config: 'no uri' }]) {
      assert.equal(heatmapState(kept), undefined);
      assert.equal(graphState(kept), undefined);
    }
  });
});
