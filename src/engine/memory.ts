/** Whether a run fits in the memory that is free, and what it keeps. */
import { RunFailure } from './failure';
import type { Plan } from './plan';

/** Whether all maps are kept; where not, each is computed again from what its attention looked at. */
export function keepsMaps({ mapBytes, keptBytes }: Plan, free: number): boolean {
  return mapBytes + keptBytes <= free;
}

/**
 * Rejects as `memory` what does not fit even when no map is kept: then one head's map at a time is needed.
 *
 * @param tokens of the input, where it has any; what would fit is told.
 */
export function checkMemory(plan: Plan, tokens: number | undefined, free: number): void {
  const { layers, keptBytes } = plan;
  const largest = layers.reduce((most, { queries, keys }) => Math.max(most, 4 * queries * keys), 0);
  if (keptBytes + largest <= free) return;
  const megabytes = (count: number): string => (count / 2 ** 20).toFixed(0);
  const needed =
    `a map takes ${megabytes(largest)} MB and what the layers look at ${megabytes(keptBytes)} MB, ` +
    `and ${megabytes(free)} MB are free (headlight.engine.memory)`;
  if (tokens === undefined) throw new RunFailure('memory', needed);
  // What is looked at grows with the length, a map with its square.
  const [linear, square] = [keptBytes / tokens, largest / tokens ** 2];
  const fits = Math.floor((Math.sqrt(linear ** 2 + 4 * square * free) - linear) / (2 * square));
  throw new RunFailure('memory', `${needed}; ${fits} tokens would fit, and the input has ${tokens}`);
}
