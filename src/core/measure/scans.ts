/** Matrix products of recurrences, as transformers' fall-backs in torch make them. */
import type { StateSpace } from '../model/module';

/**
 * Factors of each product over a batch of sequences; their product is its number of multiply–accumulates.
 *
 * @param step whether the sequence goes on from a state that is there.
 */
export function scanProducts(module: StateSpace, batch: number, length: number, step: boolean): number[][] {
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
