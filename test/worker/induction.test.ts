import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { localEngine, request } from './support/engine';
import { fixtures } from './support/files';
import { difference, readTensors } from './support/reference';

const folder = path.join(import.meta.dirname, '../../samples/induction');
const expected = path.join(fixtures, 'induction');

describe('samples/induction', () => {
  it('has the tokens and the attention that transformers gives it', async () => {
    const text = JSON.parse(readFileSync(path.join(expected, 'text.json'), 'utf8'));
    const reference = await readTensors(path.join(expected, 'reference.safetensors'));
    const { engine, states } = localEngine();
    const config = readFileSync(path.join(folder, 'config.json'), 'utf8');
    const head = await engine.openRun(1, request(config, text.text as string, folder));
    assert.equal(head.weights.type, 'files');
    assert.deepEqual([head.missing, head.unused], [[], []]);
    assert.equal(head.tokenizer, 'tokenizer.json');
    assert.deepEqual(
      head.tokens.map(({ id }) => id),
      text.input_ids,
    );
    assert.deepEqual(
      head.tokens.map((token) => token.text),
      text.tokens.map((token: string) => token.replace('Ġ', '·')),
    );
    assert.deepEqual(await states.ended(head.run), { type: 'done' });
    for (const { index, heads, queries } of head.layers) {
      const wanted = reference.get(`attentions.${index}`)!.data;
      for (let number = 0; number < heads; number++) {
        const { values } = await engine.headMap(head.run, index, number);
        const own = new Float32Array(values).map((value) => (Number.isNaN(value) ? 0 : value));
        const size = queries * queries;
        const off = difference(own, wanted.subarray(number * size, (number + 1) * size));
        assert.ok(off <= 1e-5, `layer ${index}, head ${number}: ${off}`);
      }
    }
  });
});
