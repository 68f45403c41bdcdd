/** Multi-head attention: scores, mask, softmax into the run's maps, and the weighted sum of values. */
import type { Attention, MaskPattern } from '../../core/model/module';
import type { Context } from '../context';
import { RunFailure } from '../failure';
import { tensor, zeros, type Tensor, type Value } from '../tensor';
import { linear, tiledMatmul, vector } from './linear';
import { visibleKeys } from './mask';
import { project, type Heads } from './projections';
import { relativeScores } from './relative';

/** Queries whose scores are computed together; what lies beyond their last visible key is left out. */
const BLOCK = 64;

/**
 * x [queries, width] and, for cross attention, the source [keys, width] → [queries, width].
 *
 * The maps go to `context.maps`; undefined where nothing after them is wanted.
 */
export async function attention(
  module: Attention,
  inputs: readonly Value[],
  path: string,
  context: Context,
): Promise<Tensor | undefined> {
  const x = tensor(inputs[0]);
  const source = inputs.length > 1 ? tensor(inputs[1]) : x;
  const queries = x.shape[0]!;
  const keys = source.shape[0]!;
  const projected = await project(module, x, source, context);
  const maps = context.maps(module, queries, keys);
  await fillMaps(module, projected.query, projected.key, queries, keys, maps, path, context);
  if (!context.attended()) return undefined;
  const mixed = await weightedSums(module, maps, await projected.value(), queries, keys, context);
  return linear(module.output, mixed, context);
}

/** Queries [first, first + rows), and the keys [start, end) that one of them or more sees. */
interface QueryBlock {
  readonly first: number;
  readonly rows: number;
  readonly start: number;
  readonly end: number;
}

function blocks(mask: MaskPattern, queries: number, keys: number): QueryBlock[] {
  return Array.from({ length: Math.ceil(queries / BLOCK) }, (_, block) => {
    const first = block * BLOCK;
    const rows = Math.min(BLOCK, queries - first);
    const [start] = visibleKeys(mask, first, keys);
    const [, end] = visibleKeys(mask, first + rows - 1, keys);
    return { first, rows, start, end };
  });
}

async function fillMaps(
  module: Attention,
  query: Heads,
  key: Heads,
  queries: number,
  keys: number,
  maps: Float32Array,
  path: string,
  context: Context,
): Promise<void> {
  const { heads, keyValueHeads, headDim, mask, scale, softCap, position } = module;
  const relative =
    position.type === 'relativeBuckets'
      ? relativeScores(position, await vector(position.table, context), heads, queries, keys)
      : undefined;
  const cut = blocks(mask, queries, keys);
  for (let head = 0; head < heads; head++) {
    const keyHead = Math.floor(head / (heads / keyValueHeads));
    for (const { first, rows, start, end } of cut) {
      await tiledMatmul(
        context,
        rows,
        end - start,
        headDim,
        {
          data: query.data,
          offset: query.offset + first * query.stride + head * query.step,
          stride: query.stride,
        },
        { data: key.data, offset: key.offset + start * key.stride + keyHead * key.step, stride: key.stride },
        { data: maps, offset: (head * queries + first) * keys + start, stride: keys },
        scale,
      );
      for (let row = first; row < first + rows; row++) {
        const at = (head * queries + row) * keys;
        const [from, to] = visibleKeys(mask, row, keys);
        if (relative !== undefined) addRelative(maps, at, from, to, relative[head]!, queries - 1 - row);
        if (softCap !== undefined) cap(maps, at + from, at + to, softCap);
        if (!context.kernels.softmax(maps, at + from, at + to)) {
          throw new RunFailure(
            'engine',
            `${path}: the scores of head ${head}, query ${row} are not finite in float32`,
          );
        }
        // The block's product has scores beyond this row's own range.
        maps.fill(0, at + start, at + from);
        maps.fill(0, at + to, at + end);
      }
      await context.pace.step();
    }
  }
}

function addRelative(
  maps: Float32Array,
  at: number,
  from: number,
  to: number,
  scores: Float32Array,
  shift: number,
): void {
  for (let key = from; key < to; key++) maps[at + key] = maps[at + key]! + scores[key + shift]!;
}

function cap(scores: Float32Array, from: number, to: number, limit: number): void {
  for (let i = from; i < to; i++) scores[i] = limit * Math.tanh(scores[i]! / limit);
}

/** Σ probability · value, heads side by side: [queries, heads · valueDim]. */
async function weightedSums(
  module: Attention,
  maps: Float32Array,
  value: Heads,
  queries: number,
  keys: number,
  context: Context,
): Promise<Tensor> {
  const { heads, keyValueHeads, valueDim, mask } = module;
  const out = zeros(queries, heads * valueDim);
  const turned = new Float32Array(valueDim * keys);
  let turnedHead = -1;
  const cut = blocks(mask, queries, keys);
  for (let head = 0; head < heads; head++) {
    const valueHead = Math.floor(head / (heads / keyValueHeads));
    if (valueHead !== turnedHead) turnValues(value, valueHead, keys, valueDim, turned);
    turnedHead = valueHead;
    for (const { first, rows, start, end } of cut) {
      await tiledMatmul(
        context,
        rows,
        valueDim,
        end - start,
        { data: maps, offset: (head * queries + first) * keys + start, stride: keys },
        { data: turned, offset: start, stride: keys },
        { data: out.data, offset: first * heads * valueDim + head * valueDim, stride: heads * valueDim },
      );
    }
  }
  return out;
}

/** The values of one head as [valueDim, keys]. */
function turnValues(value: Heads, head: number, keys: number, valueDim: number, out: Float32Array): void {
  for (let key = 0; key < keys; key++) {
    const at = value.offset + key * value.stride + head * value.step;
    for (let d = 0; d < valueDim; d++) out[d * keys + key] = value.data[at + d]!;
  }
}
