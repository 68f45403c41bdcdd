/** A plan of sizes that one class computes with tensor numbers, which the tables do not follow. */
import { Callable, integer, Refusal, type Value } from '../values';

/**
 * `plan_out_scales` of Inkling's image tower: grids (frames, height, width, channels) from single pixels to a whole
 * patch, one for each layer boundary, chosen so that each layer reduces the image by about as much as the others.
 */
export const planOutScales = new Callable('plan_out_scales', (args) => {
  const [frames, side, layers, channels] = args.map((each) => integer(each, 'a size')) as [
    number,
    number,
    number,
    number,
  ];
  if (Math.min(frames, side, layers, channels) < 1)
    throw new Refusal('ValueError', 'the sizes of a patch must be positive');
  const rounded = (count: number): number => Math.ceil(count / 64) * 64;
  const spatial = products(side).map((h) => [1, h, h, rounded(h * h * channels)]);
  const temporal = products(frames).map((t) => [t, side, side, side * side * channels * t * 64]);
  const scales = [[1, 1, 1, channels], ...spatial, ...temporal];
  const reductions = scales.map(([t, h, w]) => Math.log(t! * h! * w!));
  const last = Math.log(side * side * frames * channels);
  const ideals = Array.from({ length: layers + 1 }, (_, i) => (last * i) / layers);
  const chosen =
    layers >= scales.length ? ideals.map((ideal) => nearest(reductions, ideal)) : matched(ideals, reductions);
  chosen[0] = 0;
  chosen[chosen.length - 1] = scales.length - 1;
  return chosen.map((index): Value => [...scales[index]!]);
});

/** Products of the prime factors, the largest first. */
function products(size: number): number[] {
  const factors: number[] = [];
  let left = size;
  for (let prime = 2; prime * prime <= left; prime++) {
    for (; left % prime === 0; left /= prime) factors.push(prime);
  }
  if (left > 1) factors.push(left);
  let product = 1;
  return factors.reverse().map((factor) => (product *= factor));
}

function nearest(values: readonly number[], wanted: number): number {
  const distances = values.map((value) => Math.abs(value - wanted));
  return distances.indexOf(Math.min(...distances));
}

/** For each of `wanted` a value of its own, with the least sum of distances. Both ascend, so no two choices cross. */
function matched(wanted: readonly number[], values: readonly number[]): number[] {
  // best[i][j]: the least sum for the first i of `wanted` among the first j values.
  const best = wanted.map(() => values.map(() => Infinity));
  const at = (i: number, j: number): number => (i < 0 ? 0 : j < 0 ? Infinity : best[i]![j]!);
  for (const [i, ideal] of wanted.entries()) {
    for (const [j, value] of values.entries()) {
      best[i]![j] = Math.min(at(i, j - 1), at(i - 1, j - 1) + Math.abs(value - ideal));
    }
  }
  const chosen: number[] = [];
  for (let i = wanted.length - 1, j = values.length - 1; i >= 0; j--) {
    if (at(i, j) < at(i, j - 1)) {
      chosen[i] = j;
      i--;
    }
  }
  return chosen;
}
