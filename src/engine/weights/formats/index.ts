/** Every format that is decoded, by the name that safetensors or GGUF gives it. */
import { BLOCKS } from './blocks';
import { FLOATS, INTEGERS } from './floats';
import type { Format } from './format';
import { SUPERBLOCKS } from './superblocks';

export type { Decode, Format } from './format';

const FORMATS = new Map<string, Format>(
  Object.entries({ ...FLOATS, ...INTEGERS, ...BLOCKS, ...SUPERBLOCKS }),
);

/** The format of a dtype; undefined where it can't be decoded. */
export function formatOf(dtype: string): Format | undefined {
  return FORMATS.get(dtype);
}

/** Whether values of a dtype are weights as they stand; integers are a quantisation with scales elsewhere. */
export function isWeight(dtype: string): boolean {
  return FORMATS.has(dtype) && !Object.hasOwn(INTEGERS, dtype);
}
