/** Attention that sees a part of a long sequence: spans, chunks, hash buckets, and what they are made of. */
import assert from 'node:assert/strict';
import { separateAttention } from '../../src/core/blueprints/blocks/attention';
import { linear } from '../../src/core/blueprints/blocks/layers';
import type { MaskPattern } from '../../src/core/model/mask';
import { chunksAround } from '../../src/engine/ops/attention/chunks';
import { visibleSpans } from '../../src/engine/ops/attention/mask';
import { torchNormal } from '../../src/engine/ops/attention/rotations';
import { summaryOf } from '../../src/engine/ops/attention/summaries';
import { ids, type Tensor } from '../../src/engine/tensor';
import { characterTokenizer } from '../../src/engine/text/characters';
import { compute, contextOf } from './support/context';

const spans = (mask: MaskPattern, query: number, keys: number) => visibleSpans({ mask }, query, keys, keys);
const ring = { multiple: 2, above: 2, causal: false } as const;

describe('what a query of a long sequence sees', () => {
  it('is a window and the global tokens, of which each sees all', () => {
    const mask = { type: 'windowGlobal', radius: 1, globals: 2 } as const;
    assert.deepEqual(spans(mask, 1, 9), [[0, 9]]);
    assert.deepEqual(spans(mask, 2, 9), [[0, 4]]);
    assert.deepEqual(spans(mask, 8, 9), [
      [0, 2],
      [7, 9],
    ]);
  });

  it('is blocks, or all of a sequence too short for them', () => {
    const mask = { type: 'blockSparse', block: 2, random: 0, upTo: 10, short: 'causal' } as const;
    assert.deepEqual(spans(mask, 4, 10), [[0, 5]]);
    assert.deepEqual(spans(mask, 0, 15), [[0, 15]]);
    assert.deepEqual(spans(mask, 14, 15), [[0, 15]]);
    assert.deepEqual(spans(mask, 8, 15), [
      [0, 2],
      [6, 12],
      [14, 15],
    ]);
  });

  it('is chunks in a ring', () => {
    const mask = { type: 'nearChunks', chunk: 2, before: 1, after: 0, ...ring } as const;
    assert.deepEqual(spans(mask, 0, 7), [
      [0, 2],
      [6, 7],
    ]);
    assert.deepEqual(spans({ ...mask, causal: true }, 1, 7), [[0, 2]]);
    assert.deepEqual(chunksAround({ ...mask, before: 3, after: 1 }, 0, 2), [0, 0, 1, 0, 1]);
  });

  it('is summed up by block, found as the class finds them in float32', () => {
    // Tokens behind the last whole block belong to it.
    assert.deepEqual(Array.from(summaryOf(7, 3)), [0, 0, 0, 1, 1, 1, 1]);
    assert.deepEqual(Array.from(summaryOf(2, 3)), [-1, -1]);
  });
});

describe('hash buckets', () => {
  it('are drawn by PyTorch’s generator', () => {
    // torch.manual_seed(s); torch.randn(n), the last three.
    for (const [seed, count, wanted] of [
      [0, 5, [-2.178789, 0.5684313, -1.084522]],
      [5, 16, [-0.4194079, -0.5848958, -0.7823351]],
      [5, 20, [0.03165689, -1.172414, -1.50694]],
      [-3, 16, [-1.158786, -0.4383563, -0.8730412]],
    ] as const) {
      const drawn = Array.from(torchNormal(seed, count)).slice(-3);
      wanted.forEach((value, i) => assert.ok(Math.abs(drawn[i]! - value) < 2e-6, `${drawn[i]} for ${value}`));
    }
  });

  it('of several rounds share each query’s attention out whole', async () => {
    const query = linear(4, 4, { bias: false });
    const [value, output] = [linear(4, 4, { bias: false }), linear(4, 4, { bias: false })];
    const buckets = { rounds: 3, buckets: 4, positions: 32, seed: 1 } as const;
    const mask = { type: 'hashed', chunk: 2, before: 1, after: 0, ...ring, ...buckets } as const;
    const attention = separateAttention(
      { heads: 2, headDim: 2, mask },
      { query, key: query, value, output },
      { query: 'qk', key: 'qk', value: 'v', output: 'o' },
    );
    const numbers = (count: number, by: number) =>
      Float32Array.from({ length: count }, (_, i) => Math.sin(i * by));
    const eye = Float32Array.from({ length: 16 }, (_, i) => (i % 5 === 0 ? 1 : 0));
    const maps: Float32Array[] = [];
    const values = new Map([
      [query.weight, numbers(16, 1.3)],
      [value.weight, eye],
      [output.weight, eye],
    ]);
    const x: Tensor = { shape: [7, 4], data: numbers(28, 0.7) };
    const result = await compute(attention, [x], contextOf(values, maps));
    for (let head = 0; head < 2; head++) {
      for (let row = 0; row < 7; row++) {
        const own = maps[0]!.subarray((head * 7 + row) * 7, (head * 7 + row + 1) * 7);
        assert.ok(Math.abs(own.reduce((a, b) => a + b, 0) - 1) < 1e-6);
        // The map is what the result was made with.
        const wanted = own.reduce((sum, share, key) => sum + share * x.data[key * 4 + head * 2]!, 0);
        assert.ok(Math.abs(result.data[row * 4 + head * 2]! - wanted) < 1e-6);
      }
    }
  });
});

describe('characters', () => {
  it('are hashed to rows', async () => {
    const { opOf } = await import('../../src/engine/ops');
    const run = { op: 'hashIds', prime: 31, buckets: 64 } as const;
    const hashed = await opOf(run)!.run(run, [ids([0, 97, 0x1f600])], contextOf(), '');
    assert.deepEqual(hashed, ids([31, (98 * 31) % 64, (0x1f601 * 31) % 64]));
  });

  it('come with the class’s own signs', () => {
    const { tokens, segments } = characterTokenizer.encode('a😀', 'b');
    assert.deepEqual(
      tokens.map(({ id }) => id),
      [0xe000, 97, 0x1f600, 0xe001, 98, 0xe001],
    );
    assert.deepEqual(segments, [0, 0, 0, 0, 1, 1]);
  });

  it('are repeated for what they are part of', async () => {
    const molecules: Tensor = { shape: [3, 1], data: Float32Array.of(9, 1, 2) };
    const characters: Tensor = { shape: [7, 1], data: new Float32Array(7) };
    const repeated = await compute({ op: 'repeatTokens', factor: 2 }, [molecules, characters]);
    assert.deepEqual(Array.from(repeated.data), [1, 1, 2, 2, 2, 2, 2]);
  });
});
