/** Addresses of arrays for one job: what lies elsewhere is copied into the engine's memory, and back where it is written. */
import type { Matrix } from '../kernels';
import type { Heap } from './heap';

type Numbers = Float32Array | Int32Array | Uint8Array;

export class Staging {
  private readonly blocks: number[] = [];
  private readonly results: { readonly from: Float32Array; readonly to: Float32Array }[] = [];

  constructor(private readonly heap: Heap) {}

  /** Where an array's elements are, to be read. */
  input(array: Numbers): number {
    if (this.heap.holds(array)) return array.byteOffset;
    const copy = this.heap.bytes(array.byteLength);
    this.blocks.push(copy.byteOffset);
    copy.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
    return copy.byteOffset;
  }

  /** Where an array's elements are, to be read and written. */
  output(array: Float32Array): number {
    if (this.heap.holds(array)) return array.byteOffset;
    const copy = this.room(array.length);
    copy.set(array);
    this.results.push({ from: copy, to: array });
    return copy.byteOffset;
  }

  /** Where the first element of a matrix is. */
  matrix({ data, offset, stride }: Matrix, rows: number, columns: number, written = false): number {
    if (rows === 0) return 0;
    const part = data.subarray(offset, offset + (rows - 1) * stride + columns);
    return written ? this.output(part) : this.input(part);
  }

  /** An array for the time of the job, of any content. */
  room(length: number): Float32Array {
    const floats = this.heap.floats(length);
    this.blocks.push(floats.byteOffset);
    return floats;
  }

  /** Hands out what was written. */
  finish(): void {
    for (const { from, to } of this.results) to.set(from);
  }

  release(): void {
    for (const block of this.blocks) this.heap.release(block);
  }
}
