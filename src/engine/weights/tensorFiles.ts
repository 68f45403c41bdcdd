/** Tensors of open files, read by range. */
import { readSync } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import * as path from 'node:path';
import { RunFailure } from '../failure';
import type { Shape } from '../tensor';
import { formatOf, type Format } from './formats';
import type { FilePlace, StoredTensor, WeightSource } from './source';

/** A tensor and where its bytes lie. */
export interface PlacedTensor extends StoredTensor {
  readonly handle: FileHandle;
  /** First byte in the file. */
  readonly position: number;
  readonly byteLength: number;
}

/** Elements decoded at a time: what a read holds beside its result. */
const CHUNK = 1 << 20;

/** Tensors of all files together: a model of a million million parameters, stored expert by expert, has half as many. */
export const MOST_TENSORS = 300_000;

export class TensorFiles implements WeightSource {
  private staging = new Uint8Array(0);

  constructor(
    readonly files: readonly string[],
    private readonly handles: readonly FileHandle[],
    readonly tensors: ReadonlyMap<string, PlacedTensor>,
    readonly metadata?: WeightSource['metadata'],
  ) {}

  async read(
    tensor: StoredTensor,
    first: number,
    count: number,
    into: Float32Array,
    at: number,
  ): Promise<void> {
    const format = formatOf(tensor.dtype);
    if (format === undefined) {
      throw new RunFailure(
        'weights',
        `${tensor.file}: tensor "${tensor.name}" is ${tensor.dtype}, which can't be run`,
      );
    }
    for (let done = 0; done < count;) {
      const part = Math.min(CHUNK, count - done);
      await this.decode(tensor, format, first + done, part, into, at + done);
      done += part;
    }
    const bad = firstNotFinite(into, at, count);
    if (bad !== undefined) throw notFinite(tensor, first + bad, into[at + bad]!);
  }

  place(tensor: StoredTensor): FilePlace {
    const { handle, position, byteLength } = this.tensors.get(tensor.name)!;
    return { descriptor: handle.fd, position, byteLength };
  }

  bytes(tensor: StoredTensor, first: number, count: number, into: Uint8Array, at: number): void {
    const { descriptor, position, byteLength } = this.place(tensor);
    if (!(first >= 0 && count >= 0 && first + count <= byteLength && at + count <= into.length)) {
      throw new RangeError(`bytes ${first} to ${first + count} of the ${byteLength} of ${tensor.name}`);
    }
    for (let done = 0; done < count;) {
      const got = readSync(descriptor, into, at + done, count - done, position + first + done);
      if (got === 0) throw cutOff(tensor);
      done += got;
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.handles.map((handle) => handle.close()));
  }

  /** Elements [first, first + count), at most a chunk; blocks that the range cuts are decoded aside. */
  private async decode(
    tensor: StoredTensor,
    { elements, bytes, decode }: Format,
    first: number,
    count: number,
    into: Float32Array,
    at: number,
  ): Promise<void> {
    const { handle, position } = this.tensors.get(tensor.name)!;
    const from = Math.floor(first / elements);
    const blocks = Math.ceil((first + count) / elements) - from;
    const length = blocks * bytes;
    if (this.staging.length < length) this.staging = new Uint8Array(length);
    const got = await fill(handle, this.staging, length, position + from * bytes);
    if (got < length) throw cutOff(tensor);
    if (from * elements === first && blocks * elements === count) {
      decode(this.staging, 0, blocks, into, at);
    } else {
      const aside = new Float32Array(blocks * elements);
      decode(this.staging, 0, blocks, aside, 0);
      const skip = first - from * elements;
      into.set(aside.subarray(skip, skip + count), at);
    }
  }
}

/** Opens files of one folder as `use` asks for them; where it fails, none stays open. */
export async function openFiles<Result>(
  folder: string,
  use: (open: (file: string) => Promise<FileHandle>, handles: FileHandle[]) => Promise<Result>,
): Promise<Result> {
  const handles: FileHandle[] = [];
  try {
    return await use(async (file) => {
      const handle = await openFile(folder, file);
      handles.push(handle);
      return handle;
    }, handles);
  } catch (error) {
    await Promise.all(handles.map((handle) => handle.close()));
    throw error;
  }
}

async function openFile(folder: string, file: string): Promise<FileHandle> {
  const place = path.join(folder, file);
  try {
    // Opening a named pipe would wait for whoever writes to it.
    if (!(await stat(place)).isFile()) throw new RunFailure('weights', `${file}: it is no regular file`);
    return await open(place, 'r');
  } catch (error) {
    if (error instanceof RunFailure) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    throw new RunFailure('weights', `${file}: can't be opened (${code ?? message})`);
  }
}

/** Reads until `length` bytes are there or the file ends; returns how many. */
export async function fill(
  handle: FileHandle,
  into: Uint8Array,
  length: number,
  position: number,
): Promise<number> {
  let done = 0;
  while (done < length) {
    const { bytesRead } = await handle.read(into, done, length - done, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}

function cutOff({ file, name }: StoredTensor): RunFailure {
  return new RunFailure(
    'weights',
    `${file}: tensor "${name}" is cut off: the file has become shorter since it was opened`,
  );
}

function firstNotFinite(values: Float32Array, from: number, count: number): number | undefined {
  // x − x is 0 for every finite x and NaN for the others.
  let sum = 0;
  for (let i = from; i < from + count; i++) sum += values[i]! - values[i]!;
  if (sum === 0) return undefined;
  for (let i = 0; i < count; i++) if (!Number.isFinite(values[from + i])) return i;
  return undefined;
}

/** Names a value that no run can use, and where it is. */
export function notFinite({ file, name, shape }: StoredTensor, index: number, value: number): RunFailure {
  const place = coordinates(shape, index).join(', ');
  return new RunFailure(
    'weights',
    `${file}: tensor "${name}" has ${Number.isNaN(value) ? 'NaN' : 'an infinite value'} at [${place}]: ` +
      'the checkpoint is damaged; download or convert it again',
  );
}

/** The indices along each axis of an element in row-major order. */
function coordinates(shape: Shape, index: number): number[] {
  const places: number[] = [];
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    places.unshift(index % shape[axis]!);
    index = Math.floor(index / shape[axis]!);
  }
  return places;
}
