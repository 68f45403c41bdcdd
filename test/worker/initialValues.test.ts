import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { build } from '../../src/core/service';
import { namedParameters } from '../../src/core/model/walk';
import { openWeights } from '../../src/engine/weights/weights';

/** What a class's tensors are when it is made: see tools/reference/initial_values.py. */
interface Row {
  readonly type: string;
  readonly config: object;
  readonly tensors: readonly (readonly [
    name: string,
    shape: number[],
    mean: number,
    deviation: number,
    elements: number,
    zeroRows: number[],
  ])[];
}

const file = path.join(import.meta.dirname, '../fixtures/reference/initial-values.jsonl.gz');
const rows = gunzipSync(readFileSync(file))
  .toString()
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Row);

/** Tensors that seeded weights start otherwise, and why. */
const OTHERWISE: readonly [RegExp, string][] = [
  [/masked_spec_embed/, 'takes the place of frames in training alone'],
  [
    /embed_positions\.weight\[(20,16|129,32)\]/,
    'sinusoids of Whisper and FSMT, which are in every checkpoint',
  ],
];

const patternOf = (name: string, shape: readonly number[]): string =>
  name.replace(/\.\d+(?=\.)/g, '.#') + JSON.stringify(shape);

describe('seeded weights start as the classes of transformers do', () => {
  it('has its families', () => assert.ok(rows.length > 80));

  for (const { type, config, tensors } of rows) {
    const { model } = build(JSON.stringify(config));
    if (model === undefined) continue;
    it(type, async () => {
      const weights = await openWeights(model, undefined, 1);
      const wanted = new Map(tensors.map((tensor) => [patternOf(tensor[0], tensor[1]), tensor]));
      let compared = 0;
      for (const { parameter, names } of namedParameters(model.root)) {
        const source = weights.sourceOf(parameter);
        const key = names.map((name) => patternOf(name, parameter.shape)).find((name) => wanted.has(name));
        if (source.type !== 'seeded' || key === undefined || OTHERWISE.some(([name]) => name.test(key)))
          continue;
        const [, , mean, deviation, elements] = wanted.get(key)!;
        const own = typeof source.start === 'number' ? [source.start, 0] : [0, source.start.deviation];
        // What a sample of so many elements may have, five deviations off.
        const error = deviation / Math.sqrt(elements);
        const said = `${key} starts with ${own.join(' ± ')}, and the class with ${mean} ± ${deviation}`;
        // Lengths in a weight norm are those of the random directions: all but equal.
        const tolerance = own[1] === 0 && own[0] !== 0 ? 5 * deviation + 1e-4 : 5 * error + 1e-6;
        assert.ok(Math.abs(own[0]! - mean) <= tolerance, said);
        if (own[1] === 0 && own[0] !== 0) assert.ok(deviation < 0.05 * Math.abs(mean), said);
        else assert.ok(Math.abs(own[1]! - deviation) <= 4 * error + 0.02 * deviation, said);
        compared++;
      }
      assert.ok(compared > 5);
    });
  }
});
