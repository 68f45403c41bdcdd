/** Exact readings of a head's map. */
import type { HeadMap } from '../../src/protocol/run';

/** A head's probabilities, [queries, keys]; NaN where masked. */
export interface Matrix {
  readonly queries: number;
  readonly keys: number;
  readonly values: Float32Array;
  /** The largest probability of the head. */
  readonly largest: number;
}

export interface Cell {
  readonly query: number;
  readonly key: number;
}

export type Reading =
  | { readonly masked: true }
  /** Rank 1 is the largest of the `of` cells that the query sees; equal values have equal ranks. */
  | { readonly masked: false; readonly value: number; readonly rank: number; readonly of: number };

export function matrixOf({ queries, keys, values }: HeadMap): Matrix {
  const floats = new Float32Array(values);
  if (floats.length !== queries * keys) {
    throw new RangeError(`${floats.length} values for ${queries} × ${keys} cells`);
  }
  let largest = 0;
  for (const value of floats) if (value > largest) largest = value;
  return { queries, keys, values: floats, largest };
}

export function readCell({ keys, values }: Matrix, { query, key }: Cell): Reading {
  const row = values.subarray(query * keys, (query + 1) * keys);
  const value = row[key]!;
  if (Number.isNaN(value)) return { masked: true };
  let rank = 1;
  let of = 0;
  for (const other of row) {
    if (Number.isNaN(other)) continue;
    of++;
    if (other > value) rank++;
  }
  return { masked: false, value, rank, of };
}

/** The shortest decimal that is this float32 and no other. */
export function exactFloat32(value: number): string {
  const single = Math.fround(value);
  for (let digits = 1; digits < 9; digits++) {
    const text = single.toPrecision(digits);
    if (Math.fround(Number(text)) === single) return plain(text);
  }
  return plain(single.toPrecision(9));
}

/** 1e+0 → 1, 0.50 → 0.5; small values keep their exponent. */
function plain(text: string): string {
  const value = Number(text);
  return value === 0 || Math.abs(value) >= 1e-6 ? String(value) : text;
}
