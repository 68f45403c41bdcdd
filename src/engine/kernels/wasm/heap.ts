/**
 * The engine's memory: one shared WebAssembly memory that grows on demand, and which parts of it are in use. Values are
 * float arrays over it, so that ops written in TypeScript and kernels look at the same numbers.
 */
import { RunFailure } from '../../failure';
import type { EngineMemory } from '../memory';
import { LARGEST_VALUE, tooLarge } from '../../tensor';
import { webAssembly, type Memory } from './api';

const PAGE = 65_536;

/** Below stand the module's own data and the control block of jobs; 0 is no address. */
const FIRST = 2 * PAGE;

/** Addresses and sizes are multiples of a cache line. */
const LINE = 64;

/** Bytes behind each block, which kernels may read along with its last elements. */
const MARGIN = 64;

/** The memory grows by no less: growing is a system call. */
const GROWTH = 64;

/** Pages that a memory may have, the largest first: some systems do not set apart so much. */
const LIMITS = [65_536, 32_768, 16_384];

/** A part that is free. */
interface Gap {
  start: number;
  size: number;
}

export class Heap implements EngineMemory {
  readonly memory: Memory;
  /** Zeroes bytes of the memory. The array's own `fill` does so one element at a time where memory is shared. */
  clear: (address: number, bytes: number) => void = (address, bytes) => {
    new Uint8Array(this.memory.buffer, address, bytes).fill(0);
  };
  private readonly limit: number;
  /** In the order of addresses; no two touch. */
  private readonly gaps: Gap[] = [];
  /** Addresses of blocks in their order, and their sizes. */
  private readonly starts: number[] = [];
  private readonly sizes = new Map<number, number>();
  /** One for each size that the memory has had: an array made before it grew keeps the older. */
  private readonly buffers = new Set<ArrayBufferLike>();
  private end = FIRST;
  /** Nothing has been written from here on. */
  private touched = FIRST;
  private used = 0;
  private most = 0;

  /** @param spoil what is freed is filled with NaN, so that a test sees who still reads it. */
  constructor(private readonly spoil = false) {
    [this.memory, this.limit] = largestMemory();
    this.buffers.add(this.memory.buffer);
  }

  /** Bytes in blocks now, and at most since `resetPeak`. */
  get inUse(): number {
    return this.used;
  }

  get peak(): number {
    return this.most;
  }

  resetPeak(): void {
    this.most = this.used;
  }

  /** A block of bytes, of any content. Rejects as `memory` where there is no room. */
  allocate(bytes: number): number {
    const size = Math.ceil((bytes + MARGIN) / LINE) * LINE;
    const start = this.taken(size) ?? this.appended(size);
    this.starts.splice(firstAfter(this.starts, start), 0, start);
    this.sizes.set(start, size);
    this.used += size;
    this.most = Math.max(this.most, this.used);
    return start;
  }

  release(address: number): void {
    const size = this.sizes.get(address);
    if (size === undefined) throw new Error(`no block at ${address}`);
    this.starts.splice(firstAfter(this.starts, address) - 1, 1);
    this.sizes.delete(address);
    this.used -= size;
    if (this.spoil) new Uint8Array(this.memory.buffer, address, size).fill(0xff);
    this.giveBack(address, size);
  }

  floats(length: number): Float32Array {
    if (!(length <= LARGEST_VALUE)) throw tooLarge([length]);
    // Before the memory is looked at: it may grow.
    const address = this.allocate(4 * length);
    return new Float32Array(this.memory.buffer, address, length);
  }

  zeros(length: number): Float32Array {
    const untouched = this.touched;
    const floats = this.floats(length);
    // Memory is made of zeros.
    const end = Math.min(untouched, floats.byteOffset + floats.byteLength);
    if (floats.byteOffset < end) this.clear(floats.byteOffset, end - floats.byteOffset);
    return floats;
  }

  bytes(length: number): Uint8Array {
    const address = this.allocate(length);
    return new Uint8Array(this.memory.buffer, address, length);
  }

  free(array: ArrayBufferView): void {
    if (this.holds(array)) this.release(array.byteOffset);
  }

  /** Whether an array lies in this memory. */
  holds(array: ArrayBufferView): boolean {
    return this.buffers.has(array.buffer);
  }

  blockOf(array: ArrayBufferView): number | undefined {
    return this.holds(array) ? this.starts[firstAfter(this.starts, array.byteOffset) - 1] : undefined;
  }

  /** From the gap that fits best. */
  private taken(size: number): number | undefined {
    let best = -1;
    for (let i = 0; i < this.gaps.length; i++) {
      const gap = this.gaps[i]!;
      if (gap.size >= size && (best < 0 || gap.size < this.gaps[best]!.size)) best = i;
    }
    if (best < 0) return undefined;
    const gap = this.gaps[best]!;
    const { start } = gap;
    gap.start += size;
    gap.size -= size;
    if (gap.size === 0) this.gaps.splice(best, 1);
    return start;
  }

  /** Behind everything else, where the last gap may be part of it. */
  private appended(size: number): number {
    const last = this.gaps.at(-1);
    const start = last !== undefined && last.start + last.size === this.end ? last.start : this.end;
    this.growTo(start + size);
    if (start < this.end) this.gaps.pop();
    this.end = start + size;
    this.touched = Math.max(this.touched, this.end);
    return start;
  }

  private growTo(bytes: number): void {
    const pages = this.memory.buffer.byteLength / PAGE;
    const wanted = Math.ceil(bytes / PAGE);
    if (wanted <= pages) return;
    try {
      if (wanted > this.limit) throw new RangeError();
      this.memory.grow(Math.min(this.limit, Math.max(wanted, pages + GROWTH)) - pages);
    } catch {
      const megabytes = (count: number): string => (count / 2 ** 20).toFixed(0);
      throw new RunFailure(
        'memory',
        `the engine's memory can't grow from ${megabytes(pages * PAGE)} MB to ${megabytes(bytes)} MB; ` +
          'use a shorter input, or close other attention panels',
      );
    }
    this.buffers.add(this.memory.buffer);
  }

  private giveBack(start: number, size: number): void {
    let low = 0;
    let high = this.gaps.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.gaps[middle]!.start < start) low = middle + 1;
      else high = middle;
    }
    const before = this.gaps[low - 1];
    const after = this.gaps[low];
    const joinsBefore = before !== undefined && before.start + before.size === start;
    const joinsAfter = after !== undefined && start + size === after.start;
    if (joinsBefore && joinsAfter) {
      before.size += size + after.size;
      this.gaps.splice(low, 1);
    } else if (joinsBefore) {
      before.size += size;
    } else if (joinsAfter) {
      after.start = start;
      after.size += size;
    } else {
      this.gaps.splice(low, 0, { start, size });
    }
  }
}

/** How many of the sorted numbers are not above `value`. */
function firstAfter(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function largestMemory(): [Memory, number] {
  for (const maximum of LIMITS) {
    try {
      return [new webAssembly.Memory({ initial: FIRST / PAGE, maximum, shared: true }), maximum];
    } catch (error) {
      if (maximum === LIMITS.at(-1)) throw error;
    }
  }
  throw new Error('no limits');
}
