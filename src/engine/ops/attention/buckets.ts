/** Which bucket a vector falls into: the direction, of some random ones, that it points to most. */
import { bucketFactors, type MaskPattern } from '../../../core/model/mask';
import type { Attention } from '../../../core/model/module';
import type { Context } from '../../context';
import { RunFailure } from '../../failure';
import type { Heads } from '../../kernels/kernels';
import { tiledMatmul } from '../linear';
import { paddedLength } from './chunks';
import { torchNormal } from './rotations';

type Hashed = Extract<MaskPattern, { type: 'hashed' }>;

/** Buckets of one head's vectors, round by round: [rounds · length]. */
export async function bucketsOf(
  { heads, headDim: dim }: Attention,
  mask: Hashed,
  shared: Heads,
  length: number,
  head: number,
  context: Context,
): Promise<Int32Array> {
  const { rounds } = mask;
  const factors = bucketFactors(mask, paddedLength(mask, length));
  const odd = factors.find((factor) => factor % 2 !== 0);
  if (odd !== undefined)
    throw new RunFailure('unsupported', `num_buckets: ${odd} buckets, which is not even`);
  const directions = factors.reduce((sum, factor) => sum + factor / 2, 0);
  const drawn = torchNormal(mask.seed, heads * dim * rounds * directions);
  // [dim, rounds · directions] of this head, turned.
  const all = rounds * directions;
  const rotations = context.zeros(all, dim).data;
  for (let d = 0; d < dim; d++) {
    for (let i = 0; i < all; i++) rotations[i * dim + d] = drawn[(head * dim + d) * all + i]!;
  }
  const rotated = context.zeros(length, all).data;
  await tiledMatmul(
    context,
    length,
    all,
    dim,
    { ...shared, offset: shared.offset + head * shared.step },
    { data: rotations, offset: 0, stride: dim },
    { data: rotated, offset: 0, stride: all },
  );
  const buckets = new Int32Array(rounds * length);
  for (let round = 0; round < rounds; round++) {
    for (let token = 0; token < length; token++) {
      let at = token * all + round * directions;
      let step = 1;
      for (const factor of factors) {
        buckets[round * length + token]! += step * furthest(rotated.subarray(at, at + factor / 2));
        at += factor / 2;
        step *= factor;
      }
    }
  }
  return buckets;
}

/** The index of the largest among numbers and, behind them, their opposites; the first of equal ones. */
function furthest(numbers: Float32Array): number {
  let [largest, found] = [-Infinity, 0];
  for (let i = 0; i < 2 * numbers.length; i++) {
    const value = i < numbers.length ? numbers[i]! : -numbers[i - numbers.length]!;
    if (value > largest) [largest, found] = [value, i];
  }
  return found;
}

/** Tokens of each round by bucket, in their order inside of one; the padding has a bucket of its own, the last. */
export function sortedByBucket(buckets: Int32Array, mask: Hashed, length: number): Int32Array {
  const padded = paddedLength(mask, length);
  const order = new Int32Array(mask.rounds * padded);
  for (let round = 0; round < mask.rounds; round++) {
    const own = buckets.subarray(round * length, (round + 1) * length);
    const tokens = Int32Array.from({ length }, (_, i) => i).sort((a, b) => own[a]! - own[b]! || a - b);
    order.set(tokens, round * padded);
    for (let i = length; i < padded; i++) order[round * padded + i] = i;
  }
  return order;
}
