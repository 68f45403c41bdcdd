/** The arithmetic under the ops. Plain TypeScript is one implementation; faster ones fit in behind this interface. */

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

export interface Kernels {
  /** For reports. */
  readonly name: string;

  /** C[m, n] += scale · A[m, k] · B[n, k]ᵀ. Sums of k products are kept in more than float32, or in blocks. */
  matmul(m: number, n: number, k: number, a: Matrix, b: Matrix, c: Matrix, scale: number): void;

  /** out[i, j] = (x[i, j] − mean) / √(variance + epsilon) · weight[j] + bias[j], over rows of `width`. */
  layerNorm(
    x: Float32Array,
    out: Float32Array,
    width: number,
    weight: Float32Array | undefined,
    bias: Float32Array | undefined,
    epsilon: number,
  ): void;

  /** out[i, j] = x[i, j] / √(mean of squares + epsilon) · weight[j], over rows of `width`. */
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
