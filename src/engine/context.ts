/** What an op may use, and what a run may ask for beside the maps. */
import type { Attention, Block } from '../core/model/module';
import type { Kernels } from './kernels/kernels';
import type { Pace } from './pace';
import type { Value } from './tensor';
import type { Weights } from './weights/weights';

export interface Context {
  readonly kernels: Kernels;
  readonly weights: Weights;
  readonly pace: Pace;
  /** A buffer of at least `size` elements that the next call may take again. */
  scratch(size: number): Float32Array;
  /** Where the maps of the attention that runs now belong: zeros [heads, queries, keys]. */
  maps(attention: Attention, queries: number, keys: number): Float32Array;
  /** Called when those maps are whole; false where nothing after them is wanted. */
  attended(): boolean;
}

/** Watches what blocks compute; with one, the whole model runs. */
export type Observer = (block: Block, path: string, inputs: readonly Value[], output: Value) => void;

/** A scratch buffer that grows. */
export function growingScratch(): (size: number) => Float32Array {
  let buffer = new Float32Array(0);
  return (size) => {
    if (buffer.length < size) buffer = new Float32Array(size);
    return buffer;
  };
}
