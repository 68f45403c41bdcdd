/** Weights of 8 bits with scales beside them: one for the tensor, one a row, or one a block. */
import { RunFailure } from '../../failure';
import { product } from '../../tensor';
import type { StoredTensor, WeightSource } from '../source';
import { computed, whole, type View } from './view';

/** What follows a tensor's name in that of its scales (DeepSeek-V3, compressed-tensors). */
const SUFFIXES = ['_scale_inv', '_scale'];

/** Formats that are scaled. */
const SCALED = new Set(['F8_E4M3', 'F8_E5M2', 'F8_E4M3FNUZ', 'F8_E5M2FNUZ', 'I8']);

/** The scales of a tensor, where it has any. */
export function scalesOf(tensor: StoredTensor, source: WeightSource): StoredTensor | undefined {
  if (!SCALED.has(tensor.dtype)) return undefined;
  for (const suffix of SUFFIXES) {
    const scales = source.tensors.get(tensor.name + suffix);
    if (scales !== undefined) return scales;
  }
  return undefined;
}

/** The edge of blocks, where `size` rows or columns have `count` scales; the last block may be smaller. */
function edge(size: number, count: number): number | undefined {
  if (count === 1) return size;
  if (count === size) return 1;
  return [128, 64, 32, 16, 256, 512].find((block) => Math.ceil(size / block) === count);
}

/** A tensor's values times its scales. */
export function scaled(view: View, tensor: StoredTensor, scales: StoredTensor, source: WeightSource): View {
  const height = tensor.shape.at(-2) ?? 1;
  const slabs = product(tensor.shape.slice(0, -2));
  const count = product(scales.shape);
  // [slabs, rows, columns], with the axes that are left out, or stand alone, taken as 1.
  const perSlab = count % slabs === 0 && scales.shape.length === tensor.shape.length ? slabs : 1;
  const inSlab = count / perSlab;
  const wide = scales.shape.length >= 2 ? scales.shape.at(-1)! : 1;
  const [down, across] = [edge(height, inSlab / wide), edge(view.columns, wide)];
  if (down === undefined || across === undefined) {
    throw new RunFailure(
      'weights',
      `${scales.file}: tensor "${scales.name}" [${scales.shape.join(', ')}] has no known scales for ` +
        `"${tensor.name}" [${tensor.shape.join(', ')}]; use the model's F16, BF16 or F32 weights`,
    );
  }
  const factors = whole(source, scales, count / wide, wide);
  const { columns } = view;
  return computed(view, [factors], async (first, rows, into, at) => {
    await view.read(first, rows, into, at);
    const line = new Float32Array(wide);
    let held = -1;
    for (let row = first; row < first + rows; row++) {
      const slab = perSlab === 1 ? 0 : Math.floor(row / height);
      const factorRow = slab * (inSlab / wide) + Math.floor((row % height) / down);
      if (factorRow !== held) await factors.read((held = factorRow), 1, line, 0);
      const start = at + (row - first) * columns;
      for (let j = 0; j < columns; j++) into[start + j] = into[start + j]! * line[Math.floor(j / across)]!;
    }
  });
}
