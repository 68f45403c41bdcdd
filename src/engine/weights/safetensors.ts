/** Safetensors files, read by range: the header when opened, elements when asked for. */
import { readSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import * as path from 'node:path';
import { RunFailure } from '../failure';
import type { Pace } from '../pace';
import { DECODERS, DTYPE_BITS } from './dtype';
import { headerLength, parseHeader } from './header';
import type { FilePlace, StoredTensor, WeightSource } from './source';

interface Placed extends StoredTensor {
  readonly handle: FileHandle;
  /** First byte in the file. */
  readonly position: number;
  readonly byteLength: number;
}

/** Elements decoded at a time: what a read holds beside its result. */
const CHUNK = 1 << 20;

/** Tensors of all files together: a model of a million million parameters, stored expert by expert, has half as many. */
const MOST_TENSORS = 300_000;

class SafetensorsSource implements WeightSource {
  readonly tensors: ReadonlyMap<string, Placed>;
  private staging = new Uint8Array(0);

  constructor(
    readonly files: readonly string[],
    private readonly handles: readonly FileHandle[],
    tensors: Map<string, Placed>,
  ) {
    this.tensors = tensors;
  }

  async read(
    tensor: StoredTensor,
    first: number,
    count: number,
    into: Float32Array,
    at: number,
  ): Promise<void> {
    const { handle, position, dtype, name, file } = this.tensors.get(tensor.name)!;
    const decode = DECODERS[dtype];
    if (decode === undefined)
      throw new RunFailure('weights', `${file}: tensor "${name}" is ${dtype}, which can't be run`);
    const size = DTYPE_BITS[dtype]! / 8;
    for (let done = 0; done < count; done += CHUNK) {
      const part = Math.min(CHUNK, count - done);
      const bytes = await this.stage(handle, position + (first + done) * size, part * size, tensor);
      decode(bytes, part, into, at + done);
    }
    if (!allFinite(into, at, count)) {
      throw new RunFailure(
        'weights',
        `${file}: tensor "${name}" has NaN or infinite values; the checkpoint is damaged`,
      );
    }
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

  private async stage(
    handle: FileHandle,
    position: number,
    length: number,
    tensor: StoredTensor,
  ): Promise<DataView> {
    if (this.staging.length < length) this.staging = new Uint8Array(length);
    const got = await fill(handle, this.staging, length, position);
    if (got < length) throw cutOff(tensor);
    return new DataView(this.staging.buffer, 0, length);
  }
}

function cutOff({ file, name }: StoredTensor): RunFailure {
  return new RunFailure(
    'weights',
    `${file}: tensor "${name}" is cut off: the file has become shorter since it was opened`,
  );
}

/** Opens files of one folder and checks their headers; on failure none stays open. */
export async function openSafetensors(
  folder: string,
  files: readonly string[],
  pace: Pace,
): Promise<WeightSource> {
  const handles: FileHandle[] = [];
  const tensors = new Map<string, Placed>();
  try {
    for (const file of files) {
      const handle = await open(path.join(folder, file), 'r').catch((error: NodeJS.ErrnoException) => {
        throw new RunFailure('weights', `${file}: can't be opened (${error.code ?? error.message})`);
      });
      handles.push(handle);
      for (const tensor of await readHeader(file, handle, pace)) {
        const other = tensors.get(tensor.name);
        if (other !== undefined) {
          throw new RunFailure('weights', `tensor "${tensor.name}" is both in ${other.file} and in ${file}`);
        }
        tensors.set(tensor.name, tensor);
      }
      if (tensors.size > MOST_TENSORS) {
        throw new RunFailure('weights', `${file}: more than the ${MOST_TENSORS} tensors that are read`);
      }
    }
  } catch (error) {
    await Promise.all(handles.map((handle) => handle.close()));
    throw error;
  }
  return new SafetensorsSource(files, handles, tensors);
}

async function readHeader(file: string, handle: FileHandle, pace: Pace): Promise<Placed[]> {
  const { size } = await handle.stat();
  const first = new Uint8Array(8);
  const got = await fill(handle, first, 8, 0);
  const length = headerLength(file, first.subarray(0, got), size);
  const header = new Uint8Array(length);
  await fill(handle, header, length, 8);
  const entries = await parseHeader(file, header, size - 8 - length, pace);
  return Array.from(entries, ([name, { dtype, shape, begin, end }]) => ({
    name,
    dtype,
    shape,
    file,
    handle,
    position: 8 + length + begin,
    byteLength: end - begin,
  }));
}

/** Reads until `length` bytes are there or the file ends; returns how many. */
async function fill(handle: FileHandle, into: Uint8Array, length: number, position: number): Promise<number> {
  let done = 0;
  while (done < length) {
    const { bytesRead } = await handle.read(into, done, length - done, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}

function allFinite(values: Float32Array, from: number, count: number): boolean {
  // x − x is 0 for every finite x and NaN for the others.
  let sum = 0;
  for (let i = from; i < from + count; i++) sum += values[i]! - values[i]!;
  return sum === 0;
}
