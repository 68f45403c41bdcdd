import assert from 'node:assert/strict';
import { RunFailure } from '../../src/engine/failure';
import { SharedKernels } from '../../src/engine/kernels/shared';
import { builds, instantiate } from '../../src/engine/kernels/wasm/build';
import { Heap } from '../../src/engine/kernels/wasm/heap';
import { ELEMENTS, Single } from '../../src/engine/kernels/wasm/job';
import { openKernels } from '../../src/engine/kernels/wasm/open';
import { Pool } from '../../src/engine/kernels/wasm/pool';
import { Pace } from '../../src/engine/pace';

describe('threads of the kernels', () => {
  it('do every chunk of a job once, whoever claims it', async () => {
    const heap = new Heap();
    const [build] = [...builds()];
    const pool = new Pool(heap, build!.module, instantiate(build!.module, heap.memory), 3);
    const x = heap.floats(4 * 1000);
    const add = 8;
    const words = [add, x.byteOffset, heap.zeros(4000).fill(1).byteOffset, 4000, 4, new Single(1)];
    for (let round = 0; round < 300; round++) {
      x.fill(round);
      await pool.run({ kind: ELEMENTS, chunks: 1000, words }, new Pace());
      assert.ok(x.every((value) => value === round + 1));
    }
    await pool.close();
    await assert.rejects(pool.run({ kind: ELEMENTS, chunks: 1, words }, new Pace()), /has been stopped/);
  });

  it('run a build that is exact here, whichever is chosen', () => {
    for (const wide of [false, true]) {
      const open = openKernels({ threads: 1, wide });
      assert.match(open.kernels.name, /^WebAssembly, SIMD/);
      void open.close();
    }
  });

  it('that die are told', async () => {
    const heap = new Heap();
    const [build] = [...builds()];
    const exports = instantiate(build!.module, heap.memory);
    // A helper that can't make an instance of this dies at once.
    const pool = new Pool(heap, {}, exports, 2);
    while (!pool.broken) await new Promise((resolve) => setTimeout(resolve, 5));
    await assert.rejects(
      pool.run({ kind: ELEMENTS, chunks: 0, words: [] }, new Pace()),
      (error) => error instanceof RunFailure && /a thread of the engine died/.test(error.message),
    );
    await pool.close();
  });

  it('are shared by runs, and go some time after the last', async () => {
    const shared = new SharedKernels({ threads: 2, idle: 20 });
    const first = shared.lease();
    const second = shared.lease();
    assert.equal(first.kernels, second.kernels);
    first.release();
    first.release();
    const { memory } = second.kernels;
    assert.equal(memory.zeros(3).length, 3);
    second.release();
    // Within the time they are still the same, with their memory.
    const third = shared.lease();
    assert.equal(third.kernels, second.kernels);
    third.release();
    await new Promise((resolve) => setTimeout(resolve, 200));
    const later = shared.lease();
    assert.notEqual(later.kernels, second.kernels);
    later.release();
  });

  it('keep seeded weights from the second run on, as far as there is room', async () => {
    const { SeededTensor } = await import('../../src/engine/weights/seeded');
    const shared = new SharedKernels({ threads: 2, keptWeights: 4 * 500 });
    const lease = shared.lease();
    const { kernels } = lease;
    const tensor = new SeededTensor(1, 'a', 20, 0.02);
    const expected = new Float32Array(400);
    tensor.rows(0, 20, expected, 0);
    const first = new Pace();
    assert.equal(await kernels.kept(tensor, 20, first), undefined);
    assert.equal(await kernels.kept(tensor, 20, first), undefined);
    const kept = await kernels.kept(tensor, 20, new Pace());
    assert.deepEqual(Array.from(kept!.array), Array.from(expected));
    kept!.release();
    assert.equal((await kernels.kept(tensor, 20, new Pace()))!.array, kept!.array);
    const other = new SeededTensor(1, 'b', 20, 0.02);
    await kernels.kept(other, 20, new Pace());
    assert.equal(await kernels.kept(other, 20, new Pace()), undefined);
    lease.release();
  });
});
