/** What the tensors of a model are before training. */

/**
 * - `deviation` of normal numbers around zero; `value` of every element.
 * - `fan`: normal numbers whose deviation is so many times 1/√(inputs of an output): √2 is Kaiming's, 1 LeCun's, and
 *   1/√3 what PyTorch's modules have by themselves.
 * - `xavier`: √(2 / (inputs + outputs)), as Glorot has it.
 */
export type Start =
  | { readonly deviation: number }
  | { readonly value: number }
  | { readonly fan: number }
  | { readonly xavier: true };

/** The endings of tensors' names, with what those are; the first that fits counts. */
export type Starts = readonly (readonly [ending: RegExp, start: Start])[];

/** A constant, or the deviation of normal numbers. */
export type StartValues = { readonly value: number } | { readonly deviation: number };

export function startValues(start: Start, shape: readonly number[]): StartValues {
  if (!('fan' in start || 'xavier' in start)) return start;
  const [outputs = 1, inputs = 1, ...places] = shape;
  const kernel = places.reduce((all, size) => all * size, 1);
  if ('fan' in start) return { deviation: start.fan / Math.sqrt(inputs * kernel) };
  return { deviation: Math.sqrt(2 / ((inputs + outputs) * kernel)) };
}
