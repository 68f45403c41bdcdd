/** The arithmetic under the ops. Plain TypeScript is one implementation; faster ones fit in behind this interface. */

/** A row-major matrix in a larger array: element (i, j) is data[offset + i · stride + j]. */
export interface Matrix {
  readonly data: Float32Array;
  readonly offset: number;
  readonly stride: number;
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
   * Softmax of data[from, to) in place.
   *
   * @returns false where the scores have no finite softmax (NaN or infinite).
   */
  softmax(data: Float32Array, from: number, to: number): boolean;
}
