/**
 * Values in the engine's memory, and when they go: what an op made and did not return goes when the op ends, what it
 * returned when nobody holds it any more. A value that shares another's array, as a slice or a residual does, holds it.
 */
import type { EngineMemory } from './kernels/memory';
import { product, type Tensor, type Value } from './tensor';

export class Workspace {
  /** Blocks by their address: arrays that begin there, and how many hold them. */
  private readonly blocks = new Map<number, { readonly array: Float32Array; holds: number }>();
  /** Blocks that the op made that runs. */
  private made: number[] = [];

  constructor(private readonly memory: EngineMemory) {}

  /** Zeros for the op that runs. Rejects as `memory` where there is no room. */
  zeros(...shape: number[]): Tensor {
    const array = this.memory.zeros(product(shape));
    const block = this.memory.blockOf(array);
    if (block !== undefined) {
      this.blocks.set(block, { array, holds: 0 });
      this.made.push(block);
    }
    return { shape, data: array };
  }

  /** Runs an op. Its result is held once, for the caller. */
  async op<V extends Value>(run: () => Promise<V | undefined>): Promise<V | undefined> {
    const outer = this.made;
    const made: number[] = [];
    this.made = made;
    try {
      const result = await run();
      if (result !== undefined) this.hold(result);
      return result;
    } finally {
      this.made = outer;
      for (const block of made) this.dropUnheld(block);
    }
  }

  hold(value: Value): void {
    for (const own of this.blocksOf(value)) own.holds++;
  }

  release(value: Value): void {
    for (const own of this.blocksOf(value)) {
      own.holds--;
      this.dropUnheld(own.array.byteOffset);
    }
  }

  /** Ends every value. */
  close(): void {
    for (const { array } of this.blocks.values()) this.memory.free(array);
    this.blocks.clear();
  }

  private dropUnheld(block: number): void {
    const own = this.blocks.get(block);
    if (own === undefined || own.holds > 0) return;
    this.blocks.delete(block);
    this.memory.free(own.array);
  }

  private *blocksOf(value: Value): Generator<{ readonly array: Float32Array; holds: number }> {
    const blocks = new Set<number | undefined>();
    for (const part of Object.values(value) as unknown[]) {
      if (ArrayBuffer.isView(part)) blocks.add(this.memory.blockOf(part));
    }
    for (const block of blocks) {
      const own = block === undefined ? undefined : this.blocks.get(block);
      if (own !== undefined) yield own;
    }
  }
}
