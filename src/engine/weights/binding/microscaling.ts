/** Weights in four bits with an exponent for each 32 (OCP Microscaling Formats, MXFP4), as gpt-oss has them in safetensors. */
import { computed, type View } from './view';

/** The values of four bits as E2M1. */
const E2M1 = [0, 0.5, 1, 1.5, 2, 3, 4, 6, -0, -0.5, -1, -1.5, -2, -3, -4, -6];

/**
 * @param blocks [rows · columns / 32, 16] bytes, each of two values, the lower half first.
 * @param scales [rows, columns / 32] biased exponents.
 * @returns [rows, columns].
 */
export function microscaled(blocks: View, scales: View): View {
  const groups = scales.columns;
  const columns = groups * 32;
  const size = { ...scales, columns };
  return computed(size, [blocks], async (first, count, into, at) => {
    const bytes = new Float32Array(count * groups * 16);
    const exponents = new Float32Array(count * groups);
    await blocks.read(first * groups, count * groups, bytes, 0);
    await scales.read(first, count, exponents, 0);
    for (let i = 0; i < bytes.length; i++) {
      const scale = 2 ** (exponents[i >> 4]! - 127);
      const byte = bytes[i]!;
      into[at + 2 * i] = E2M1[byte & 15]! * scale;
      into[at + 2 * i + 1] = E2M1[byte >> 4]! * scale;
    }
  });
}
