/** T5's relative positions: a learned score for each bucket of distances and each head. */
import type { PositionScheme } from '../../../core/model/module';

type Buckets = Extract<PositionScheme, { type: 'relativeBuckets' }>;

const f32 = Math.fround;

/** The bucket of a distance (key − query), as transformers computes it in float32. */
export function bucketOf(scheme: Buckets, distance: number): number {
  const { bidirectional, maxDistance } = scheme;
  const buckets = bidirectional ? Math.floor(scheme.buckets / 2) : scheme.buckets;
  const start = bidirectional && distance > 0 ? buckets : 0;
  const size = bidirectional ? Math.abs(distance) : Math.max(0, -distance);
  const exact = Math.floor(buckets / 2);
  if (size < exact) return start + size;
  const logarithm = f32(f32(Math.log(f32(size / exact))) / f32(Math.log(maxDistance / exact)));
  const large = exact + Math.trunc(f32(logarithm * (buckets - exact)));
  return start + Math.min(large, buckets - 1);
}

/**
 * Scores to add, by head and distance, [heads, queries + keys − 1]: element [head, key − query + queries − 1].
 *
 * @param table [buckets, heads].
 */
export function relativeScores(
  scheme: Buckets,
  table: Float32Array,
  heads: number,
  queries: number,
  keys: number,
): Float32Array {
  const distances = queries + keys - 1;
  const scores = new Float32Array(heads * distances);
  for (let i = 0; i < distances; i++) {
    const bucket = bucketOf(scheme, i - queries + 1);
    for (let head = 0; head < heads; head++) scores[head * distances + i] = table[bucket * heads + head]!;
  }
  return scores;
}
