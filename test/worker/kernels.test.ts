/** Every implementation of the kernels against arithmetic in float64. */
import assert from 'node:assert/strict';
import { Cancelled } from '../../src/engine/failure';
import {
  FUNCTIONS,
  type Kernels,
  type Matrix,
  type Operand,
  type Tile,
} from '../../src/engine/kernels/kernels';
import { plainKernels } from '../../src/engine/kernels/plain';
import { openKernels, type OpenKernels } from '../../src/engine/kernels/wasm/open';
import { Pace } from '../../src/engine/pace';
import { SeededTensor } from '../../src/engine/weights/seeded';
import {
  attended,
  attentions,
  attentionTask,
  exact,
  normed,
  random,
  scoresOf,
  zerosLike,
} from './support/arithmetic';

const pace = new Pace();

function close(actual: ArrayLike<number>, expected: ArrayLike<number>, within: number, what = ''): void {
  assert.equal(actual.length, expected.length);
  for (let i = 0; i < actual.length; i++) {
    const [a, b] = [actual[i]!, expected[i]!];
    const size = Math.max(1, Math.abs(b));
    assert.ok(Math.abs(a - b) <= within * size, `${what} element ${i}: ${a} instead of ${b}`);
  }
}

const opened: OpenKernels[] = [];
const implementations: [string, () => Kernels][] = [
  ['plain TypeScript', () => plainKernels],
  ...[1, 2].map((threads): [string, () => Kernels] => [
    `WebAssembly, ${threads} threads`,
    () => {
      const own = openKernels({ threads });
      opened.push(own);
      assert.match(own.kernels.name, /WebAssembly/);
      return own.kernels;
    },
  ]),
];

for (const [name, open] of implementations) {
  describe(`kernels in ${name}`, () => {
    let kernels: Kernels;
    before(() => (kernels = open()));
    after(() => Promise.all(opened.splice(0).map((each) => each.close())));

    for (const [m, n, k] of [
      [1, 1, 1],
      [4, 4, 3],
      [5, 7, 9],
      [13, 6, 32],
      [3, 9, 1],
      [8, 8, 0],
      [130, 75, 389],
      [600, 24, 770],
    ] as const) {
      for (const turned of [false, true]) {
        it(`product ${m} × ${n} × ${k}${turned ? ' of a turned matrix' : ''}, with offsets and strides`, async () => {
          const a = { data: random('a', m * (k + 1) + 2), offset: 2, stride: k + 1 };
          const [rows, columns] = turned ? [k, n] : [n, k];
          const matrix = { data: random('b', rows * (columns + 2) + 5), offset: 5, stride: columns + 2 };
          for (const mode of ['set', 'bias', 'accumulate'] as const) {
            const c = { data: random('c', m * (n + 3) + 9), offset: 3, stride: n + 3 };
            const bias = random('bias', n);
            const expected = Float64Array.from(c.data);
            for (let i = 0; i < m; i++) {
              for (let j = 0; j < n; j++) {
                const at = 3 + i * c.stride + j;
                let sum = mode === 'set' ? 0 : mode === 'bias' ? bias[j]! : expected[at]!;
                for (let p = 0; p < k; p++) {
                  const place = turned ? p * matrix.stride + j : j * matrix.stride + p;
                  sum += 0.5 * a.data[2 + i * a.stride + p]! * matrix.data[5 + place]!;
                }
                expected[at] = sum;
              }
            }
            const b = { type: 'floats', matrix } as const;
            const added = mode === 'bias' ? { bias } : { accumulate: mode === 'accumulate' };
            assert.ok(await kernels.product({ m, n, k, a, b, c, turned, scale: 0.5, ...added }, pace));
            close(c.data, expected, 1e-6 * Math.sqrt(k + 1) + 1e-6, mode);
          }
        });
      }
    }

    it('products of seeded numbers are those of the numbers', async () => {
      const [m, n, k] = [9, 21, 395];
      const tensor = new SeededTensor(7, 'w', 400, 0.02);
      const data = new Float32Array(30 * 400);
      tensor.rows(0, 30, data, 0);
      const a: Matrix = { data: random('a', m * k), offset: 0, stride: k };
      const results = await Promise.all(
        (
          [
            { type: 'seeded', tensor, row: 5, column: 4 },
            { type: 'floats', matrix: { data, offset: 5 * 400 + 4, stride: 400 } },
          ] satisfies Operand[]
        ).map(async (b) => {
          const c = { data: new Float32Array(m * n), offset: 0, stride: n };
          await kernels.product({ m, n, k, a, b, c }, pace);
          return c.data;
        }),
      );
      assert.deepEqual(results[0], results[1]);
    });

    it('seeded rows are the generator’s, bit for bit', async () => {
      for (const columns of [1, 2, 7, 8, 9, 515]) {
        const tensor = new SeededTensor(3, 'rows', columns, 0.123);
        const expected = new Float32Array(13 * columns);
        tensor.rows(4, 13, expected, 0);
        const rows = new Float32Array(13 * columns + 2);
        await kernels.seeded(tensor, 4, 13, rows, 1, pace);
        assert.deepEqual(rows.subarray(1, -1), expected);
        assert.deepEqual([rows[0], rows.at(-1)], [0, 0]);
      }
    });

    for (const [what, change] of Object.entries(attentions)) {
      for (const [queries, keys] of [
        [1, 1],
        [33, 33],
        [50, 71],
        [131, 131],
      ] as const) {
        it(`attention ${what}, ${queries} × ${keys}`, async () => {
          const task = { ...attentionTask(queries, keys), ...change(queries, keys) };
          const expected = attended(task);
          const { maps, values } = task;
          await kernels.attend(task, 'here', pace);
          close(maps!, expected.maps, 4e-7, 'probability');
          close(values!.to.data, expected.sums, 3e-6, 'sum');
          // Masked cells are exactly 0.
          expected.maps.forEach((p, i) => p === 0 && assert.equal(maps![i], 0));
          const { maps: _, ...without } = { ...task, values: { ...values!, to: zerosLike(values!.to) } };
          await kernels.attend(without, 'here', pace);
          close(without.values.to.data, expected.sums, 3e-6, 'sum without maps');
          const { values: __, ...mapsAlone } = { ...task, maps: new Float32Array(maps!.length) };
          await kernels.attend(mapsAlone, 'here', pace);
          assert.deepEqual(mapsAlone.maps, maps);
        });
      }
    }

    it('raw attention gives scores, and a tile gives rows of one head', async () => {
      const task = { ...attentionTask(50, 71), ...attentions['with a diagonal and a cap']!(50, 71) };
      await kernels.attend(task, 'here', pace);
      const into = new Float32Array(13 * 71);
      const tile = {
        heads: [3, 4],
        queries: [30, 43],
        scores: false,
        into,
        filled: false,
      } satisfies Tile;
      await kernels.attend({ ...task, tile }, 'here', pace);
      assert.ok(tile.filled);
      const start = (3 * 50 + 30) * 71;
      close(into, task.maps!.subarray(start, start + into.length), 1e-7);
      const scores = { ...tile, scores: true, into: new Float32Array(13 * 71) };
      await kernels.attend({ ...task, tile: scores }, 'here', pace);
      close(scores.into, scoresOf(task, 3).slice(30 * 71, 43 * 71), 1e-5);
    });

    it('scores that are not finite are told with head and query', async () => {
      for (const bad of [NaN, Infinity, -Infinity]) {
        const task = attentionTask(50, 71);
        task.query.data[1 + 40 * task.query.stride + 2 * task.query.step] = bad;
        await assert.rejects(kernels.attend(task, 'layer', pace), /layer: the scores of head 2, query 40/);
      }
      const hidden = attentionTask(9, 9);
      const fill = (_: number, first: number, rows: number, into: Matrix): void => {
        for (let row = 0; row < rows; row++) {
          const at = into.offset + row * into.stride;
          into.data.fill(first + row === 4 ? -Infinity : 0, at, at + 9);
        }
      };
      await assert.rejects(kernels.attend({ ...hidden, fill }, 'layer', pace), /head 0, query 4/);
    });

    it('norms agree with their formulas', async () => {
      const width = 101;
      const x = random('x', 40 * width);
      const [weight, bias] = [random('w', width), random('bias', width)];
      for (const type of ['layer', 'rms'] as const) {
        for (const own of [
          {},
          { weight },
          { weight, bias: type === 'layer' ? bias : undefined, offset: 1 },
        ]) {
          const out = new Float32Array(x.length);
          await kernels.norm({ type, x, out, width, epsilon: 0.1, ...own }, pace);
          close(out, normed(x, width, type, 0.1, own), 2e-6, type);
        }
      }
    });

    for (const what of FUNCTIONS) {
      it(`${what} of each element, to its last`, async () => {
        const x = Float32Array.from({ length: 70_003 }, (_, i) => (i - 35_000) / 2_500);
        const y = random('y', x.length);
        const result = x.slice();
        const task = what === 'add' ? { y } : what === 'scale' ? { by: 0.7 } : {};
        await kernels.elements({ what, x: result.subarray(0, -1), ...task }, pace);
        assert.equal(result.at(-1), x.at(-1));
        const expected = Float64Array.from(x, (value, i) => exact(what, value, y[i]!));
        close(result.subarray(0, -1), expected.subarray(0, -1), 2e-7);
        if (what === 'add' || what === 'scale') return;
        const product = x.slice();
        await kernels.elements({ what, x: product, y }, pace);
        close(
          product.subarray(0, -1),
          result.subarray(0, -1).map((value, i) => value * y[i]!),
          1e-6,
        );
      });
    }

    it('gelu is exact to 2e-7', async () => {
      const x = Float32Array.from({ length: 200_000 }, (_, i) => (i - 100_000) / 15_000);
      const result = x.slice();
      await kernels.elements({ what: 'gelu', x: result }, pace);
      result.forEach((value, i) => {
        const wanted = exact('gelu', x[i]!, 0);
        assert.ok(Math.abs(value - wanted) <= 2e-7 * Math.max(1, Math.abs(wanted)), `${x[i]}: ${value}`);
      });
    });

    it('stops within its chunk when cancelled, and goes on with the next task', async () => {
      const controller = new AbortController();
      const [m, n, k] = [512, 512, 1024];
      const a = { data: random('a', m * k), offset: 0, stride: k };
      const b = { type: 'floats', matrix: { data: random('b', n * k), offset: 0, stride: k } } as const;
      const c = { data: new Float32Array(m * n), offset: 0, stride: n };
      const own = new Pace(controller.signal);
      let asked = Infinity;
      const repeated = (async () => {
        for (;;) await kernels.product({ m, n, k, a, b, c }, own);
      })();
      setTimeout(() => {
        asked = performance.now();
        controller.abort();
      }, 20);
      await assert.rejects(repeated, Cancelled);
      assert.ok(performance.now() - asked < 1000);
      assert.ok(await kernels.product({ m: 1, n: 1, k: 1, a, b, c }, pace));
    });
  });
}
