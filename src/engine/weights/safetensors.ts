/** Safetensors files: their headers are checked when they are opened, elements are read when asked for. */
import type { FileHandle } from 'node:fs/promises';
import { RunFailure } from '../failure';
import type { Pace } from '../pace';
import { headerLength, parseHeader } from './header';
import type { WeightSource } from './source';
import { fill, MOST_TENSORS, openFiles, TensorFiles, type PlacedTensor } from './tensorFiles';

/** Opens files of one folder and checks their headers; on failure none stays open. */
export function openSafetensors(folder: string, files: readonly string[], pace: Pace): Promise<WeightSource> {
  return openFiles(folder, async (open, handles) => {
    const tensors = new Map<string, PlacedTensor>();
    for (const file of files) {
      for (const tensor of await readHeader(file, await open(file), pace)) {
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
    return new TensorFiles(files, handles, tensors);
  });
}

async function readHeader(file: string, handle: FileHandle, pace: Pace): Promise<PlacedTensor[]> {
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
