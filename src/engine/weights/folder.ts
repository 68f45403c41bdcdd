/** The weights that lie beside a config. */
import { readdir, readFile, stat } from 'node:fs/promises';
import * as path from 'node:path';
import { RunFailure } from '../failure';
import type { Pace } from '../pace';
import { brief, parseJson } from './json';
import { openSafetensors } from './safetensors';
import type { WeightSource } from './source';

const SINGLE = 'model.safetensors';
const INDEX = 'model.safetensors.index.json';
const LARGEST_INDEX = 100_000_000;

/** Opens a folder's weights; undefined where there are none. Rejects as `weights` what is there and can't be used. */
export async function openFolder(folder: string, pace: Pace): Promise<WeightSource | undefined> {
  let files: string[];
  try {
    files = await readdir(folder);
  } catch {
    // A folder that is gone, or a config that was never saved: nothing lies beside it.
    return undefined;
  }
  // In transformers' order: a single file goes before an index that an older save may have left.
  if (files.includes(SINGLE)) return openSafetensors(folder, [SINGLE], pace);
  if (files.includes(INDEX)) return openShards(folder, pace);
  const pickle = files.find((file) => /^pytorch_model.*\.bin$/.test(file));
  if (pickle !== undefined) {
    throw new RunFailure(
      'weights',
      `${pickle}: PyTorch's pickled weights aren't read, because reading them runs code. Convert them once in Python: ` +
        'AutoModel.from_pretrained(folder).save_pretrained(folder, safe_serialization=True)',
    );
  }
  return undefined;
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
