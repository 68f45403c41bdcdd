/** What an op may use, and what a run may ask for beside the maps. */
import type { Attention, Block } from '../core/model/module';
import type { Kernels, Tile } from './kernels/kernels';
import type { Pace } from './pace';
import type { Tensor, Value } from './tensor';
import type { Weights } from './weights/weights';
import type { Workspace } from './workspace';

/** What is wanted of the attention that runs now. */
export interface Wanted {
  /** Zeros [heads, queries, keys] for its probabilities; undefined where nobody asked for them. */
  readonly maps?: Float32Array;
  /** A part of the maps, computed alone: neither `maps` nor `output` are wanted then. */
  readonly tile?: Tile;
  /** Whether anything after the maps is. */
  readonly output: boolean;
}

export interface Context {
  readonly kernels: Kernels;
  readonly weights: Weights;
  readonly pace: Pace;
  /**
   * Zeros for a value that an op makes, its result or on the way to it: it is not there any more after the op, unless it
   * is the result. Rejects as `memory` where there is no room.
   */
  zeros(...shape: number[]): Tensor;
  /** Ends values that nobody needs any more; without one they go when nobody holds them. */
  readonly workspace?: Workspace;
  /** A buffer of at least `size` elements that the next call may take again. */
  scratch(size: number): Float32Array;
  /**
   * What went into the first attending layer of the stack that ran last, and what each of its layers made; only in the
   * pass over a model with an operation that asks for them.
   */
  readonly states?: readonly Tensor[];
  /** Asked by an attention before it computes anything; `inputs` are its own, which must not change afterwards. */
  attention(module: Attention, queries: number, keys: number, inputs: readonly Value[]): Wanted;
  /** Told by it when its maps are whole. */
  attended(): void;
}

/** Watches what blocks compute, and copies what it keeps; with one, the whole model runs. */
export type Observer = (block: Block, path: string, inputs: readonly Value[], output: Value) => void;

/** A scratch buffer that grows. */
export function growingScratch(): (size: number) => Float32Array {
  let buffer = new Float32Array(0);
  return (size) => {
    if (buffer.length < size) buffer = new Float32Array(size);
    return buffer;
  };
}
