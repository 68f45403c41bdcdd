/** Where weights come from: named tensors whose elements are read by range, as float32 or as the file has them. */
import type { GgufMetadata } from './gguf/metadata';
import type { Shape } from '../tensor';

/** A tensor in a file. */
export interface StoredTensor {
  readonly name: string;
  /** As in the file: F32, BF16, F8_E4M3, Q4_K … */
  readonly dtype: string;
  readonly shape: Shape;
  /** File name, for messages. */
  readonly file: string;
}

/** Bytes of an open file. The descriptor belongs to the process: any of its threads may read there. */
export interface FilePlace {
  readonly descriptor: number;
  /** First byte in the file. */
  readonly position: number;
  readonly byteLength: number;
}

export interface WeightSource {
  /** File names, for the reader. */
  readonly files: readonly string[];
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** Key–values of GGUF files, the tokenizer's among them; undefined for safetensors. */
  readonly metadata?: GgufMetadata | undefined;
  /**
   * Elements [first, first + count) of a tensor, into `into` from `at`. Rejects with a `weights` failure that names
   * file and tensor where the elements can't be read, or are not finite.
   */
  read(tensor: StoredTensor, first: number, count: number, into: Float32Array, at: number): Promise<void>;
  /** Where a tensor's bytes lie, until `close`. */
  place(tensor: StoredTensor): FilePlace;
  /**
   * Bytes [first, first + count) of a tensor as the file has them, into `into` from `at`; synchronous, so a few
   * megabytes at a time. Throws as `read` rejects, but looks at no value: whoever decodes tells what is not finite.
   */
  bytes(tensor: StoredTensor, first: number, count: number, into: Uint8Array, at: number): void;
  close(): Promise<void>;
}
