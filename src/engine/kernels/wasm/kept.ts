/**
 * Seeded tensors of models that are run again, whole in the engine's memory: reading one takes a fraction of the time of
 * making it. A tensor is kept from the second run on that uses it, as far as there is room for it.
 */
import { RunFailure } from '../../failure';
import type { Pace } from '../../pace';
import type { SeededTensor } from '../../weights/seeded';
import type { Kept } from '../kernels';
import type { Heap } from './heap';

interface Entry {
  readonly array: Float32Array;
  readonly made: Promise<void>;
  /** Products that read it now. */
  users: number;
  /** When one did last, by `performance.now()`. */
  used: number;
}

/** Milliseconds after which a tensor gives way to others. */
const STALE = 60_000;

/** Names of tensors that are remembered. */
const MOST_SEEN = 100_000;

export class KeptTensors {
  /** By tensor, the one that was used last at the end. */
  private readonly entries = new Map<string, Entry>();
  /** By tensor, the pace of the run that used it first: each run has its own. */
  private readonly seen = new Map<string, Pace>();
  private bytes = 0;

  /** @param budget bytes of all that is kept. */
  constructor(
    private readonly heap: Heap,
    private readonly budget: number,
  ) {}

  /**
   * The rows of a tensor; undefined where they are not kept.
   *
   * @param make fills the array when there is none yet.
   */
  async use(
    tensor: SeededTensor,
    rows: number,
    pace: Pace,
    make: (into: Float32Array) => Promise<void>,
  ): Promise<Kept | undefined> {
    const { a, b, columns, deviation } = tensor;
    const key = [a, b, rows, columns, deviation].join();
    const entry = this.entries.get(key) ?? this.added(key, rows * columns, pace, make);
    if (entry === undefined) return undefined;
    this.entries.delete(key);
    this.entries.set(key, entry);
    entry.users++;
    entry.used = performance.now();
    try {
      await entry.made;
    } catch (error) {
      // Whoever waits for it too sees the same error, and the last of them ends it.
      if (--entry.users === 0) this.drop(key, entry);
      throw error;
    }
    return { array: entry.array, release: () => entry.users-- };
  }

  private added(
    key: string,
    length: number,
    pace: Pace,
    make: (into: Float32Array) => Promise<void>,
  ): Entry | undefined {
    if (!this.seen.has(key)) {
      if (this.seen.size >= MOST_SEEN) this.seen.clear();
      this.seen.set(key, pace);
    }
    if (this.seen.get(key) === pace) return undefined;
    const array = this.hasRoom(4 * length) ? this.allocated(length) : undefined;
    if (array === undefined) return undefined;
    this.bytes += array.byteLength;
    return { array, made: make(array), users: 0, used: 0 };
  }

  /** Where there is none, what nobody has used for a while makes room. */
  private hasRoom(bytes: number): boolean {
    for (const [key, entry] of this.entries) {
      if (this.bytes + bytes <= this.budget) break;
      if (entry.users > 0 || performance.now() - entry.used < STALE) break;
      this.drop(key, entry);
    }
    return this.bytes + bytes <= this.budget;
  }

  private allocated(length: number): Float32Array | undefined {
    try {
      return this.heap.floats(length);
    } catch (error) {
      // Nothing has to be kept.
      if (error instanceof RunFailure) return undefined;
      throw error;
    }
  }

  private drop(key: string, entry: Entry): void {
    if (this.entries.get(key) !== entry) return;
    this.entries.delete(key);
    this.bytes -= entry.array.byteLength;
    this.heap.free(entry.array);
  }
}
