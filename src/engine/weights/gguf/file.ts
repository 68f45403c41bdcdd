/** GGUF files: a model in one, or split into several. */
import { RunFailure } from '../../failure';
import type { Pace } from '../../pace';
import type { WeightSource } from '../source';
import { MOST_TENSORS, openFiles, TensorFiles, type PlacedTensor } from '../tensorFiles';
import { readGgufHeader } from './header';
import type { GgufMetadata } from './metadata';

/** Opens the files of one model, in their order, and checks their headers; the first one's key–values are the model's. */
export function openGguf(folder: string, files: readonly string[], pace: Pace): Promise<WeightSource> {
  return openFiles(folder, async (open, handles) => {
    const tensors = new Map<string, PlacedTensor>();
    let metadata: GgufMetadata | undefined;
    for (const file of files) {
      const header = await readGgufHeader(file, await open(file), pace);
      metadata ??= header.metadata;
      for (const tensor of header.tensors) {
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
    return new TensorFiles(files, handles, tensors, metadata);
  });
}

const PART = /^(.*)-(\d{5})-of-(\d{5})\.gguf$/;

/**
 * The models among a folder's files, each with its files in order. Projectors of images are none (llama.cpp names them
 * `mmproj`), and neither are importance matrices. Throws as `weights` where a part is missing.
 */
export function ggufModels(files: readonly string[]): readonly (readonly string[])[] {
  const models = new Map<string, string[]>();
  for (const file of [...files].sort()) {
    if (!file.endsWith('.gguf') || /mmproj|imatrix/i.test(file)) continue;
    const part = PART.exec(file);
    const name = part === null ? file : `${part[1]}-of-${part[3]}`;
    models.set(name, [...(models.get(name) ?? []), file]);
  }
  for (const parts of models.values()) {
    const [, name, , count] = PART.exec(parts[0]!) ?? [];
    if (count === undefined) continue;
    for (let number = 1; number <= Number(count); number++) {
      const wanted = `${name}-${String(number).padStart(5, '0')}-of-${count}.gguf`;
      if (parts[number - 1] !== wanted) {
        throw new RunFailure(
          'weights',
          `${wanted} is missing, of the ${Number(count)} parts of a model; download it too`,
        );
      }
    }
  }
  return [...models.values()];
}
