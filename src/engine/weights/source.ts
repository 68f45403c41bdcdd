/** Where weights come from: named tensors whose elements are read by range, as float32. */
import type { Shape } from '../tensor';

/** A tensor in a file. */
export interface StoredTensor {
  readonly name: string;
  /** As in the file: F32, BF16, F8_E4M3 … */
  readonly dtype: string;
  readonly shape: Shape;
  /** File name, for messages. */
  readonly file: string;
}

export interface WeightSource {
  /** File names, for the reader. */
  readonly files: readonly string[];
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /**
   * Elements [first, first + count) of a tensor, into `into` from `at`. Rejects with a `weights` failure that names
   * file and tensor where the elements can't be read, or are not finite.
   */
  read(tensor: StoredTensor, first: number, count: number, into: Float32Array, at: number): Promise<void>;
  close(): Promise<void>;
}
