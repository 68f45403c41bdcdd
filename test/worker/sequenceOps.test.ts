import assert from 'node:assert/strict';
import type { Operation, Parameter } from '../../src/core/model/module';
import { ids, type Tensor } from '../../src/engine/tensor';
import { compute, contextOf } from './support/context';

/** [rows, width] of small numbers without a pattern. */
function sequence(rows: number, width: number): Tensor {
  const data = Float32Array.from({ length: rows * width }, (_, i) => ((i * 7) % 11) - 5);
  return { shape: [rows, width], data };
}

const close = (found: ArrayLike<number>, wanted: readonly number[], within = 1e-6): void => {
  assert.equal(found.length, wanted.length);
  wanted.forEach((value, i) =>
    assert.ok(Math.abs(found[i]! - value) <= within, `${i}: ${found[i]}, ${value}`),
  );
};

describe('operations on sequences', () => {
  const x: Tensor = { shape: [3, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) };
  const cases: [string, Operation, Tensor[], number[], number[]][] = [
    ['a slice', { op: 'slice', from: 1, to: 2 }, [x], [3, 1], [2, 4, 6]],
    ['the next position', { op: 'shift', by: 1 }, [x], [3, 2], [3, 4, 5, 6, 0, 0]],
    ['the one before', { op: 'shift', by: -1 }, [x], [3, 2], [0, 0, 1, 2, 3, 4]],
    ['a shift beyond both ends', { op: 'shift', by: 4 }, [x], [3, 2], [0, 0, 0, 0, 0, 0]],
    [
      'features side by side',
      { op: 'concatenate', axis: 'features' },
      [x, { shape: [3, 1], data: Float32Array.of(7, 8, 9) }],
      [3, 3],
      [1, 2, 7, 3, 4, 8, 5, 6, 9],
    ],
    [
      'tokens one after the other',
      { op: 'concatenate', axis: 'tokens' },
      [x, { shape: [1, 2], data: Float32Array.of(7, 8) }],
      [4, 2],
      [1, 2, 3, 4, 5, 6, 7, 8],
    ],
    ['the last tokens', { op: 'lastTokens', count: 2 }, [x], [2, 2], [3, 4, 5, 6]],
    ['the average', { op: 'meanTokens' }, [x], [1, 2], [3, 4]],
    ['the average of the first', { op: 'meanTokens', first: 2 }, [x], [1, 2], [2, 3]],
  ];
  for (const [what, operation, inputs, shape, values] of cases) {
    it(what, async () => {
      const made = await compute(operation, inputs);
      assert.deepEqual(made.shape, shape);
      assert.deepEqual([...made.data], values);
    });
  }

  it('a vector for each position', async () => {
    const vector: Parameter = { shape: [2] };
    const { data } = await compute(
      { op: 'addVector', vector },
      [x],
      contextOf(new Map([[vector, [10, 20]]])),
    );
    assert.deepEqual([...data], [11, 22, 13, 24, 15, 26]);
  });

  it('a learned sequence, whatever comes in', async () => {
    const table: Parameter = { shape: [1, 2, 2] };
    const context = contextOf(new Map([[table, [1, 2, 3, 4]]]));
    const made = await compute({ op: 'learnedSequence', table }, [ids([5, 6, 7])], context);
    assert.deepEqual(
      [made.shape, [...made.data]],
      [
        [2, 2],
        [1, 2, 3, 4],
      ],
    );
  });

  for (const [rows, width] of [
    [5, 6],
    [67, 3],
    [1, 4],
  ] as const) {
    it(`the Fourier transform of ${rows} × ${width}`, async () => {
      const given = sequence(rows, width);
      const { data } = await compute({ op: 'fourier' }, [given]);
      const wanted = Array.from(data, (_, at) => {
        let sum = 0;
        for (let i = 0; i < rows; i++) {
          for (let j = 0; j < width; j++) {
            const angle = 2 * Math.PI * ((i * Math.floor(at / width)) / rows + (j * (at % width)) / width);
            sum += given.data[i * width + j]! * Math.cos(angle);
          }
        }
        return sum;
      });
      close(data, wanted, 1e-4);
    });
  }
});

describe('sinusoids', () => {
  it('are sines, then cosines; padding is not counted and gets zeros', async () => {
    const operation = { op: 'sinusoids', width: 7, first: 2, padding: 1 } as const;
    const { data } = await compute(operation, [ids([9, 1, 8])]);
    // M2M100SinusoidalPositionalEmbedding(4, 7, 1)(torch.tensor([[9, 1, 8]]))
    const two = [0.9092974, 0.0199987, 0.0002, -0.4161468, 0.9998, 1, 0];
    const three = [0.14112, 0.0299955, 0.0003, -0.9899925, 0.99955, 1, 0];
    close(data, [...two, 0, 0, 0, 0, 0, 0, 0, ...three], 1e-6);
  });

  it('of Vaswani et al. have one ratio more', async () => {
    const { data } = await compute({ op: 'sinusoids', width: 4, first: 0, form: 'vaswani' }, [
      sequence(2, 4),
    ]);
    close(data, [0, 0, 1, 1, Math.sin(1), Math.sin(0.01), Math.cos(1), Math.cos(0.01)]);
  });
});
