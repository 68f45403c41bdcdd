/** ALiBi (Press et al. 2022): scores that fall with the distance, by a slope for each head. */
import type { AttendTask } from '../../kernels/kernels';

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

const word = new DataView(new ArrayBuffer(4));

/** The nearest number with eight significant bits; of two equally near ones the even one. */
function bfloat16(x: number): number {
  word.setFloat32(0, x);
  const bits = word.getUint32(0);
  const even = (bits >>> 16) & 1;
  word.setUint32(0, ((bits + 0x7fff + even) & 0xffff0000) >>> 0);
  return word.getFloat32(0);
}
