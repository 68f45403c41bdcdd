/** DeepSeek's sparse attention: small heads score every visible key, and a query attends to the best. */
import type { Attention, Indexer } from '../../../core/model/module';
import type { Context } from '../../context';
import type { AttendTask } from '../../kernels/kernels';
import type { Tensor } from '../../tensor';
import { linear, tiledMatmul } from '../linear';
import { norm } from '../norm';
import { anglesOf, rotate } from '../rotary';
import { side } from './heads';
import { largestAsTorch } from './select';

/**
 * Hides the keys that the index does not choose: of as many as are kept, or fewer, none.
 *
 * @param x [s, width]; @param latent the compressed query [s, latent]; @param visible keys of each query, [s, 2].
 */
export async function chosenKeys(
  module: Attention,
  indexer: Indexer,
  inputs: { readonly x: Tensor; readonly latent: Tensor; readonly visible: Int32Array },
  context: Context,
): Promise<NonNullable<AttendTask['fill']>> {
  const { data, shape } = await indexScores(module, indexer, inputs.x, inputs.latent, context);
  const keys = shape[1]!;
  const order = new Int32Array(keys);
  const chosen = new Uint8Array(keys);
  for (let query = 0; query < shape[0]!; query++) {
    const [from, to] = [inputs.visible[2 * query]!, inputs.visible[2 * query + 1]!];
    const row = data.subarray(query * keys, (query + 1) * keys);
    // What the mask hides has the lowest score there is.
    row.fill(-Infinity, 0, from).fill(-Infinity, to);
    if (to - from > indexer.keep) largestAsTorch(row, indexer.keep, order, chosen);
    else chosen.fill(0).fill(1, from, to);
    for (let key = 0; key < keys; key++) row[key] = chosen[key] === 1 ? 0 : -Infinity;
    await context.pace.step();
  }
  return (_, first, rows, into) => {
    for (let row = 0; row < rows; row++) {
      const at = (first + row) * keys;
      into.data.set(data.subarray(at, at + keys), into.offset + row * into.stride);
    }
  };
}

/** Σ over heads of weight · relu(q·k / √headDim) / √heads: [queries, keys]. */
async function indexScores(
  { position }: Attention,
  indexer: Indexer,
  x: Tensor,
  latent: Tensor,
  context: Context,
): Promise<Tensor> {
  const { heads, headDim } = indexer;
  const length = x.shape[0]!;
  const query = side(await linear(indexer.query, latent, context), headDim);
  const key = side(await norm(indexer.keyNorm, await linear(indexer.key, x, context), context), headDim);
  const weights = await linear(indexer.weights, x, context);
  if (position.type === 'rotary') {
    const table = anglesOf(position.rotary, length, context);
    rotate(query.data, length, { ...query, heads }, table, indexer.pairs === 'interleaved');
    rotate(key.data, length, { ...key, heads: 1 }, table, indexer.pairs === 'interleaved');
  }
  const out = context.zeros(length, length);
  const block = Math.min(length, BLOCK);
  const scores = context.zeros(block, length).data;
  for (let first = 0; first < length; first += block) {
    const rows = Math.min(block, length - first);
    for (let head = 0; head < heads; head++) {
      scores.fill(0);
      const a = { ...query, offset: first * query.stride + head * query.step };
      const to = { data: scores, offset: 0, stride: length };
      await tiledMatmul(context, rows, length, headDim, a, key, to, headDim ** -0.5);
      for (let row = 0; row < rows; row++) {
        const weight = weights.data[(first + row) * heads + head]! * heads ** -0.5;
        for (let j = 0; j < length; j++) {
          const score = scores[row * length + j]!;
          if (score > 0) out.data[(first + row) * length + j]! += weight * score;
        }
      }
    }
  }
  return out;
}

/** Queries whose scores are computed together. */
const BLOCK = 64;
