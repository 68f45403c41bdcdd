/** Bytes of weights and of the KV cache. */
import type { Workload } from '../analysis';
import type { Attention, Model } from '../model/module';
import { seesAhead } from './maskPairs';
import { walk } from '../model/walk';

/** Bytes an element by the names that configs use; an unknown or missing name is read as float32. */
const BYTES: Readonly<Record<string, number>> = {
  float64: 8,
  float32: 4,
  float: 4,
  float16: 2,
  half: 2,
  bfloat16: 2,
  float8_e4m3fn: 1,
  float8_e5m2: 1,
  float8_e4m3fnuz: 1,
  float8_e5m2fnuz: 1,
  int8: 1,
  uint8: 1,
};

/** Bytes of an element of the cache: engines keep it in 16 bits. */
const CACHE_BYTES = 2;

export function weightBytes(parameters: number, dtype: unknown): { dtype: string; bytes: number } {
  const name = typeof dtype === 'string' ? dtype.replace(/^torch\./, '') : 'float32';
  const known = BYTES[name] === undefined ? 'float32' : name;
  return { dtype: known, bytes: parameters * BYTES[known]! };
}

export interface CacheSize {
  /** Bytes a token adds while every layer still keeps it. */
  readonly perToken: number;
  /** Bytes at the workload's context, for its batch; a sliding window keeps no more than its width. */
  readonly atContext: number;
}

/** The KV cache of the causal attention; undefined where there is none. */
export function cacheSize(model: Model, workload: Workload): CacheSize | undefined {
  let perToken = 0;
  let atContext = 0;
  for (const { module } of attentions(model)) {
    if (seesAhead(module.mask) || module.place === 'cross') continue;
    const bytes = elementsPerToken(module) * CACHE_BYTES;
    const kept =
      module.mask.type === 'slidingWindow'
        ? Math.min(module.mask.window, workload.context)
        : module.mask.type === 'chunked'
          ? Math.min(module.mask.chunk, workload.context)
          : workload.context;
    perToken += bytes;
    atContext += bytes * kept * workload.batch;
  }
  return perToken === 0 ? undefined : { perToken, atContext };
}

/** Keys and values of one token, or the compressed vector that stands for both. */
function elementsPerToken({ projections, keyValueHeads, headDim, valueDim }: Attention): number {
  return projections.type === 'latent'
    ? projections.latentDim + projections.rotaryDim
    : keyValueHeads * (headDim + valueDim);
}

/** Attention modules in the order of the tree; one applied several times stands once. */
export function attentions(model: Model): { readonly path: string; readonly module: Attention }[] {
  const found: { path: string; module: Attention }[] = [];
  walk(model.root, (path, module) => {
    if (module.kind === 'attention') found.push({ path, module });
  });
  return found;
}
