/** BigBird's sparse attention, for encoders of any kin. */
import { flag, size, text, type Values } from '../../config/keys';
import type { MaskPattern, Operation } from '../../model/module';

export const blockSparseKeys = {
  attention_type: text('block_sparse', ['block_sparse', 'original_full']),
  use_bias: flag(true),
  block_size: size(64),
  num_random_blocks: size(3, { min: 0 }),
} as const;

/**
 * The mask, and what pads a sequence to whole blocks; undefined where the config asks for full attention.
 *
 * @param short what sequences too short for the pattern take in its place.
 */
export function blockSparse(
  c: Values<typeof blockSparseKeys>,
  short: MaskPattern['type'],
): { readonly mask: MaskPattern; readonly padding: Operation } | undefined {
  if (c.attention_type === 'original_full') return undefined;
  const { block_size: block, num_random_blocks: random } = c;
  // Global blocks, a window of three, and twice the random ones.
  const upTo = (5 + 2 * random) * block;
  return {
    mask: { type: 'blockSparse', block, random, upTo, short: short === 'causal' ? 'causal' : 'full' },
    padding: { op: 'padTokens', multiple: block, above: upTo },
  };
}
