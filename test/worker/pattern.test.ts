import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { ids, localEngine, refuses, request } from './support/engine';
import { configText } from './support/files';

const sample = (name: string): string =>
  readFileSync(path.join(import.meta.dirname, '../../samples', name, 'config.json'), 'utf8');

describe('the pattern of a model', () => {
  it('has the attentions that are alike as one, and the pairs that each mask shows', async () => {
    const { engine } = localEngine();
    const { layers } = await engine.pattern(1, request(configText('t5'), { ...ids(5), decoder: [1, 2, 3] }));
    assert.deepEqual(
      layers.map(({ place, indices, queries, keys, visible, mask }) => [
        place,
        indices,
        queries,
        keys,
        visible,
        mask,
      ]),
      [
        ['encoder', [0, 1, 2], 5, 5, 25, 'full'],
        ['decoder', [3, 5, 7], 3, 3, 6, 'causal'],
        ['cross', [4, 6, 8], 3, 5, 15, 'full'],
      ],
    );
    assert.deepEqual([...new Uint8Array(layers[1]!.bytes)], [254, 255, 255, 254, 254, 255, 254, 254, 254]);
  });

  it('is pooled where it is long', async () => {
    const { engine } = localEngine();
    const { layers } = await engine.pattern(1, request(sample('llama-3.1-8b'), ids(480)));
    const [only] = layers;
    assert.deepEqual([only!.indices.length, only!.heads, only!.keyValueHeads], [32, 32, 8]);
    assert.deepEqual([only!.rows, only!.columns, only!.visible], [48, 48, (480 * 481) / 2]);
    const bytes = new Uint8Array(only!.bytes);
    // On the diagonal 55 of 100 pairs are seen.
    assert.deepEqual([bytes[0], bytes[1], bytes[48]], [Math.round(0.55 * 254), 255, 254]);
  });

  it('is there where the run is refused', async () => {
    const { engine } = localEngine();
    const config = JSON.parse(configText('llama')) as object;
    const spiral = JSON.stringify({ ...config, rope_parameters: { rope_type: 'spiral', rope_theta: 1e4 } });
    await refuses(engine.openRun(1, request(spiral, ids(9))), 'unsupported', /spiral/);
    const { layers } = await engine.pattern(2, request(spiral, ids(9)));
    assert.deepEqual([layers[0]!.visible, layers[0]!.indices], [45, [0, 1, 2]]);
  });

  it('has masks of several spans: a window with global tokens, blocks, summaries', async () => {
    const { engine } = localEngine();
    for (const fixture of ['longformer-global-token', 'bigbird-pegasus-blocks', 'longt5-summaries']) {
      const { layers } = await engine.pattern(1, request(configText(fixture), ids(48)));
      const { states, engine: other } = localEngine();
      const head = await other.openRun(1, request(configText(fixture), ids(48)));
      await states.ended(head.run);
      for (const group of layers) {
        const index = group.indices[0]!;
        // As many pairs as the run's map has cells that are not masked.
        const map = new Float32Array((await other.headMap(head.run, index, 0)).values);
        assert.equal(
          group.visible,
          map.filter((value) => !Number.isNaN(value)).length,
          `${fixture} ${index}`,
        );
        assert.equal(group.queries * group.keys, map.length);
      }
    }
  });

  it('is of 32 tokens where the input can’t be made', async () => {
    const { engine } = localEngine();
    const { layers } = await engine.pattern(1, request(configText('gpt2'), ''));
    assert.equal(layers[0]!.queries, 32);
  });

  it('is refused for a model without attention', async () => {
    const { engine } = localEngine();
    await refuses(engine.pattern(1, request('{"model_type": "resnet"}', 'x')), 'unsupported', /no attention/);
  });
});
