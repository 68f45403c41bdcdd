/** BigBird's random blocks, outside of training. */
import type { MaskPattern } from '../../../core/model/module';
import type { AttendTask } from '../../kernels/kernels';

type Sparse = Extract<MaskPattern, { type: 'blockSparse' }>;

/**
 * A block that is seen several times: outside of training the class draws no numbers, and its `random` blocks are all
 * the first. A key of it weighs so much the more in sums, while the map has the share of one of its appearances.
 */
interface Repeated {
  /** Adds the logarithm of how often it is seen. */
  readonly fill: NonNullable<AttendTask['fill']>;
  /** Brings rows [first, first + rows) of a head's map from the sum of the shares to one of them. */
  share(map: Float32Array, first: number, rows: number): void;
}

/** Undefined where no block is seen more than once. */
export function repeatedBlock(mask: MaskPattern, keys: number): Repeated | undefined {
  if (mask.type !== 'blockSparse' || keys <= mask.upTo || mask.random === 0) return undefined;
  const { block, random } = mask;
  const each = (first: number, rows: number, change: (row: number) => void): void => {
    const [from, to] = rowsOf(mask, keys);
    for (let row = Math.max(first, from); row < Math.min(first + rows, to); row++) change(row - first);
  };
  const added = Math.log(1 + random);
  return {
    fill: (_, first, rows, { data, offset, stride }) =>
      each(first, rows, (row) => {
        const at = offset + row * stride;
        for (let key = 0; key < block; key++) data[at + key]! += added;
      }),
    share: (map, first, rows) =>
      each(first, rows, (row) => {
        for (let key = 0; key < block; key++) map[row * keys + key]! /= 1 + random;
      }),
  };
}

/** Queries that have random blocks: all but those of the first and the last block. */
function rowsOf({ block }: Sparse, queries: number): readonly [number, number] {
  return [block, (Math.ceil(queries / block) - 1) * block];
}
