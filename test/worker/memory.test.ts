import assert from 'node:assert/strict';
import { RunFailure } from '../../src/engine/failure';
import { Heap } from '../../src/engine/kernels/wasm/heap';
import { Workspace } from '../../src/engine/workspace';

describe('the engine’s memory', () => {
  it('gives blocks that do not overlap, and joins what is free', () => {
    const heap = new Heap();
    const blocks = new Map<number, Float32Array>();
    let seed = 1;
    const random = (below: number): number => (seed = (seed * 48_271) % 0x7fffffff) % below;
    for (let round = 0; round < 4000; round++) {
      if (blocks.size > 0 && random(5) < 2) {
        const [key] = [...blocks.keys()].slice(random(blocks.size));
        const block = blocks.get(key!)!;
        assert.ok(
          block.every((value) => value === key),
          'another has written here',
        );
        heap.free(block);
        blocks.delete(key!);
      } else {
        const block = heap.zeros(random(3000));
        assert.ok(block.every((value) => value === 0));
        blocks.set(round, block.fill(round));
      }
    }
    for (const block of blocks.values()) heap.free(block);
    assert.equal(heap.inUse, 0);
    // One gap from the first to the last: a block of all of it needs no growth.
    const before = heap.memory.buffer.byteLength;
    heap.floats((before - 2 ** 20) / 4);
    assert.equal(heap.memory.buffer.byteLength, before);
  });

  it('knows its arrays, and parts of them', () => {
    const heap = new Heap();
    const [first, second] = [heap.floats(100), heap.floats(100)];
    assert.equal(heap.blockOf(second.subarray(40, 60)), second.byteOffset);
    // After the memory has grown as well.
    heap.floats(2 ** 22);
    assert.equal(heap.blockOf(first.subarray(99)), first.byteOffset);
    assert.equal(heap.blockOf(new Float32Array(3)), undefined);
    heap.free(new Float32Array(3));
    heap.free(first);
    assert.throws(() => heap.free(first), /no block/);
  });

  it('refuses by name what it has no room for, and goes on', () => {
    const heap = new Heap();
    const full = (): void => {
      for (;;) heap.bytes(2 ** 29);
    };
    assert.throws(full, (error) => error instanceof RunFailure && error.code === 'memory');
    assert.equal(heap.zeros(8).length, 8);
  });
});

describe('a workspace', () => {
  it('ends what an op made and did not return, and what nobody holds', async () => {
    const heap = new Heap(true);
    const workspace = new Workspace(heap);
    let inner: Float32Array | undefined;
    const made = await workspace.op(async () => {
      inner = workspace.zeros(5).data;
      return Promise.resolve(workspace.zeros(2, 3));
    });
    assert.ok(Number.isNaN(inner![0]), 'what is freed is spoiled');
    assert.deepEqual([...made!.data], [0, 0, 0, 0, 0, 0]);
    // A part of it holds it as well.
    const part = await workspace.op(async () =>
      Promise.resolve({ shape: [2], data: made!.data.subarray(1, 3) }),
    );
    workspace.release(made!);
    assert.equal(part!.data[0], 0);
    workspace.release(part!);
    assert.equal(heap.inUse, 0);
  });

  it('ends everything with itself, also after an op that failed', async () => {
    const heap = new Heap();
    const workspace = new Workspace(heap);
    await workspace.op(() => Promise.resolve(workspace.zeros(10)));
    await assert.rejects(
      workspace.op(() => {
        workspace.zeros(10);
        throw new Error('no');
      }),
    );
    workspace.close();
    assert.equal(heap.inUse, 0);
  });
});
