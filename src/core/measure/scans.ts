/** Matrix products of recurrences, as transformers' fall-backs in torch make them. */
import type { CausalConvolution, StateSpace } from '../model/module';

/**
 * Factors of each product over [batch, length, …]; what they multiply to is its number of multiply–accumulates.
 *
 * @param step whether the sequence goes on from a state that is there.
 */
export function recurrentProducts(
  module: CausalConvolution | StateSpace,
  [batch = 1, length = 1]: readonly number[],
  step: boolean,
): number[][] {
  if (module.kind === 'stateSpace') return scanProducts(module, batch, length, step);
  // One more token needs one window; a sequence fills the cache's kernel at least, and is padded by a kernel less one.
  const { channels, kernel } = module;
  return [[batch, step ? length : Math.max(length, kernel) + kernel - 1, channels, kernel]];
}

function scanProducts(module: StateSpace, batch: number, length: number, step: boolean): number[][] {
  const { scan, channels, stateDim } = module;
  switch (scan.type) {
    case 'selective':
      // The read-out of the state, position by position.
      return [[batch, length, channels, stateDim]];
    case 'dual': {
      // One more token updates the state at once.
      if (step) return [[batch, length, channels, stateDim]];
      const { heads, chunk } = scan;
      const chunks = Math.ceil(length / chunk);
      const filled = chunks * chunk;
      return [
        [batch, filled, chunk, heads, stateDim],
        [batch, filled, chunk, channels],
        [batch, filled, channels, stateDim],
        // States at the chunks' borders, the first one before the sequence.
        [batch, chunks + 1, chunks + 1, channels, stateDim],
        [batch, filled, channels, stateDim],
      ];
    }
  }
}
