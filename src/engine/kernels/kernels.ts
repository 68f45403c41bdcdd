/** The arithmetic under the ops: WebAssembly, or plain TypeScript where that is missing, behind one interface. */
import type { EngineMemory } from './memory';
import type { Pace } from '../pace';
import type { SeededTensor } from '../weights/seeded';

/** A row-major matrix in a larger array: element (i, j) is data[offset + i · stride + j]. */
export interface Matrix {
  readonly data: Float32Array;
  readonly offset: number;
  readonly stride: number;
}

/** Vectors of heads: row s holds head h from offset + s · stride + h · step on. */
export interface Heads extends Matrix {
  readonly step: number;
}

/** A part of an attention's maps. */
export interface Tile {
  /** Heads [from, to). */
  readonly heads: readonly [number, number];
  /** Queries [from, to). */
  readonly queries: readonly [number, number];
  /** True for scores as the softmax gets them, before the mask; false for probabilities. */
  readonly scores: boolean;
  /** Zeros [heads, queries, keys] to be filled. */
  readonly into: Float32Array;
  /** Set by the attention that filled it: one that computes its maps only as a whole leaves it. */
  filled: boolean;
}

/** One attention, all heads of it, over projected queries, keys and values. */
export interface AttendTask {
  readonly heads: number;
  /** Query heads h · heads / keyValueHeads … look at key and value head h. */
  readonly keyValueHeads: number;
  readonly queries: number;
  readonly keys: number;
  readonly headDim: number;
  readonly valueDim: number;
  readonly query: Heads;
  readonly key: Heads;
  /** Scores are q·k times this. */
  readonly scale: number;
  /** cap·tanh(score / cap), before masks and biases that `diagonal` has; not together with `fill`. */
  readonly softCap?: number;
  /** [heads]: a score beside the keys' that takes its share of the softmax and looks at nothing. */
  readonly sinks?: Float32Array;
  /** Keys [from, to) that each query sees, [queries, 2]; all where it is left out. */
  readonly visible?: Int32Array;
  /** [heads, queries + keys − 1]: element key − query + queries − 1 is added to the score. */
  readonly diagonal?: Float32Array;
  /**
   * Writes what is added to the scores of queries [first, first + rows) with all keys, where it depends on more than
   * the distance; −Infinity hides a key.
   */
  readonly fill?: (head: number, first: number, rows: number, into: Matrix) => Promise<void> | void;
  /** Zeros [heads, queries, keys] to be filled with probabilities; left out where nobody asked for them. */
  readonly maps?: Float32Array;
  /** Asked for alone: nothing else of the attention is computed then. */
  readonly tile?: Tile;
  /** Maps get scores instead of probabilities, of hidden keys too; nothing is summed. */
  readonly raw?: true;
  /** Values, and zeros for their weighted sums, heads side by side; left out where nothing after the maps is wanted. */
  readonly values?: { readonly from: Heads; readonly to: Heads };
}

/** Numbers of a matrix as a file or the generator has them. */
export type Operand =
  /** [n, k], or [k, n] where the product says `turned`. */
  | { readonly type: 'floats'; readonly matrix: Matrix }
  /** As `floats`, in the bytes of a format that `Kernels.formats` names; `stride` in bytes. */
  | { readonly type: 'stored'; readonly bytes: Uint8Array; readonly stride: number; readonly format: string }
  /** Rows from `row` on and columns from `column` on, an even one, of a seeded tensor. */
  | { readonly type: 'seeded'; readonly tensor: SeededTensor; readonly row: number; readonly column: number };

/** C[m, n] = scale · A[m, k] · B[n, k]ᵀ, with something added. */
export interface ProductTask {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly a: Matrix;
  readonly b: Operand;
  /** B is [k, n]. */
  readonly turned?: boolean;
  readonly c: Matrix;
  /** 1 where it is left out. */
  readonly scale?: number;
  /** What is added: [n] to every row, or what C holds already; not both. */
  readonly bias?: Float32Array;
  readonly accumulate?: boolean;
}

/** Over rows of `width`: x / √(mean of squares + epsilon) · (weight + offset), for `layer` of x − mean, + bias. */
export interface NormTask {
  readonly type: 'layer' | 'rms';
  readonly x: Float32Array;
  readonly out: Float32Array;
  readonly width: number;
  readonly weight?: Float32Array | undefined;
  readonly bias?: Float32Array | undefined;
  readonly epsilon: number;
  /** 0 where it is left out. */
  readonly offset?: number;
}

/** What kernels do to each element; see `ElementsTask`. */
export const FUNCTIONS = [
  'gelu',
  'tanhGelu',
  'quickGelu',
  'silu',
  'relu',
  'sigmoid',
  'tanh',
  'identity',
  'add',
  'scale',
  'squaredRelu',
] as const;

/** x ← f(x), times y where there is one; `add`: x ← x + y; `scale`: x ← x · by. In place. */
export interface ElementsTask {
  readonly what: (typeof FUNCTIONS)[number];
  readonly x: Float32Array;
  readonly y?: Float32Array;
  readonly by?: number;
}

/** Rows of a tensor that stay in memory. */
export interface Kept {
  readonly array: Float32Array;
  /** The array is not read any more. */
  release(): void;
}

/**
 * Arrays may lie anywhere. Those from `memory` are worked on in place by kernels that have a memory of their own; others
 * are copied there and back. All tasks reject with `Cancelled` when the pace does.
 */
export interface Kernels {
  /** For reports. */
  readonly name: string;
  readonly memory: EngineMemory;
  /** Formats of stored numbers that products decode themselves, as safetensors names them. */
  readonly formats: ReadonlySet<string>;

  /** @returns whether all of B is finite, as far as the kernel looks: where its numbers are stored or floats. */
  product(task: ProductTask, pace: Pace): Promise<boolean>;

  /** Fills the maps and sums that are asked for. @param path of the module, for messages. */
  attend(task: AttendTask, path: string, pace: Pace): Promise<void>;

  norm(task: NormTask, pace: Pace): Promise<void>;

  elements(task: ElementsTask, pace: Pace): Promise<void>;

  /** Rows [first, first + count) of a seeded tensor. */
  seeded(
    tensor: SeededTensor,
    first: number,
    count: number,
    into: Float32Array,
    at: number,
    pace: Pace,
  ): Promise<void>;

  /**
   * The rows of a seeded tensor where they are kept since it is used again and again, to be released; undefined where they
   * are not.
   */
  kept(tensor: SeededTensor, rows: number, pace: Pace): Promise<Kept | undefined>;

  /** As `norm` of type layer, at once: for few rows. */
  layerNorm(
    x: Float32Array,
    out: Float32Array,
    width: number,
    weight: Float32Array | undefined,
    bias: Float32Array | undefined,
    epsilon: number,
  ): void;

  /** As `norm` of type rms, at once: for few rows. */
  rmsNorm(
    x: Float32Array,
    out: Float32Array,
    width: number,
    weight: Float32Array | undefined,
    epsilon: number,
  ): void;

  /**
   * Softmax of data[from, to) in place, beside a score `sink` that only takes its share.
   *
   * @returns false where the scores have no finite softmax (NaN or infinite).
   */
  softmax(data: Float32Array, from: number, to: number, sink?: number): boolean;
}
