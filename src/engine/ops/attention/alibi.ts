/** ALiBi (Press et al. 2022): scores that fall with the distance, by a slope for each head. */
import type { AttendTask } from '../../kernels/kernels';
import { bfloat16 } from '../bfloat16';

/** slope · (key − query) by head and distance, [heads, queries + keys − 1]. */
export function distanceScores(slopes: readonly number[], queries: number, keys: number): Float32Array {
  const distances = queries + keys - 1;
  const scores = new Float32Array(slopes.length * distances);
  slopes.forEach((slope, head) => {
    for (let i = 0; i < distances; i++) scores[head * distances + i] = slope * (i - queries + 1);
  });
  return scores;
}

/** slope · key · scale, with slope, key and their product in bfloat16, whose error depends on the key's own place. */
export function roundedScores(
  slopes: readonly number[],
  scale: number,
  keys: number,
): NonNullable<AttendTask['fill']> {
  const own = new Float32Array(keys);
  let done = -1;
  return (head, _, rows, into) => {
    if (head !== done) {
      const slope = bfloat16(slopes[head]!);
      for (let key = 0; key < keys; key++) own[key] = bfloat16(slope * bfloat16(key)) * scale;
      done = head;
    }
    for (let row = 0; row < rows; row++) into.data.set(own, into.offset + row * into.stride);
  };
}
