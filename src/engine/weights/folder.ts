/** The weights that lie beside a config. */
import { readdir, readFile, stat } from 'node:fs/promises';
import * as path from 'node:path';
import { RunFailure } from '../failure';
import type { Pace } from '../pace';
import { ggufModels, openGguf } from './gguf/file';
import { brief, parseJson } from './json';
import { openSafetensors } from './safetensors';
import type { WeightSource } from './source';

const SINGLE = 'model.safetensors';
const INDEX = 'model.safetensors.index.json';
const LARGEST_INDEX = 100_000_000;

type Open = () => Promise<WeightSource>;

/**
 * Ways to open the models beside a config, the first to be preferred; none where there is nothing. Rejects as `weights`
 * what is there and can't be used.
 *
 * @param place a folder, or a .gguf file in one.
 */
export async function modelsOf(place: string, pace: Pace): Promise<readonly Open[]> {
  if (place.endsWith('.gguf')) {
    const folder = path.dirname(place);
    const model = ggufModels(await list(folder)).find((files) => files.includes(path.basename(place)));
    return model === undefined ? [] : [() => openGguf(folder, model, pace)];
  }
  const files = await list(place);
  // In transformers' order: a single file goes before an index that an older save may have left.
  if (files.includes(SINGLE)) return [() => openSafetensors(place, [SINGLE], pace)];
  if (files.includes(INDEX)) return [() => openShards(place, pace)];
  const models = await bySize(place, ggufModels(files));
  if (models.length > 0) return models.map((model) => () => openGguf(place, model, pace));
  const pickle = files.find((file) => /^(pytorch_model.*\.bin|.*\.(pt|pth|ckpt))$/.test(file));
  if (pickle !== undefined) {
    throw new RunFailure(
      'weights',
      `${pickle}: PyTorch's pickled weights aren't read, because reading them runs code. Convert them once in Python: ` +
        'AutoModel.from_pretrained(folder).save_pretrained(folder, safe_serialization=True)',
    );
  }
  return [];
}

/** Opens the first of a folder's models; undefined where there are none. */
export async function openFolder(folder: string, pace: Pace): Promise<WeightSource | undefined> {
  const [open] = await modelsOf(folder, pace);
  return open?.();
}

/** A folder that is gone, or a config that was never saved, has nothing beside it. */
function list(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}

/** The smallest first. */
async function bySize(
  folder: string,
  models: readonly (readonly string[])[],
): Promise<readonly (readonly string[])[]> {
  const sized: { model: readonly string[]; bytes: number }[] = [];
  for (const model of models) {
    let bytes = 0;
    for (const file of model) bytes += (await stat(path.join(folder, file))).size;
    sized.push({ model, bytes });
  }
  return sized.sort((a, b) => a.bytes - b.bytes).map(({ model }) => model);
}

async function openShards(folder: string, pace: Pace): Promise<WeightSource> {
  const places = await readIndex(folder, pace);
  const shards = [...new Set(places.values())].sort();
  const source = await openSafetensors(folder, shards, pace);
  for (const [name, file] of places) {
    const found = source.tensors.get(name)?.file;
    if (found === file) continue;
    await source.close();
    throw wrong(
      `says that tensor "${name}" is in ${file}; it is ${found === undefined ? 'not there' : `in ${found}`}`,
    );
  }
  return source;
}

/** Tensor name → file name. */
async function readIndex(folder: string, pace: Pace): Promise<Map<string, string>> {
  const file = path.join(folder, INDEX);
  if ((await stat(file)).size > LARGEST_INDEX) throw wrong(`has more than ${LARGEST_INDEX} bytes`);
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw wrong(`can't be read (${error.message})`);
  });
  const json = await parseJson(text, pace, wrong);
  const map = (json as { weight_map?: unknown } | null)?.weight_map;
  if (typeof map !== 'object' || map === null || Array.isArray(map)) throw wrong('has no weight_map');
  const places = new Map<string, string>();
  for (const [name, shard] of Object.entries(map)) {
    // A shard lies in the same folder: an index must not lead anywhere else.
    if (typeof shard !== 'string' || shard !== path.basename(shard) || !shard.endsWith('.safetensors')) {
      throw wrong(
        `names no safetensors file of this folder for tensor "${name}": ${brief(JSON.stringify(shard))}`,
      );
    }
    places.set(name, shard);
  }
  return places;
}

function wrong(what: string): RunFailure {
  return new RunFailure('weights', `${INDEX} ${what}; download the model again`);
}
