/**
 * Headlight seeded weights, version 1 (`hsw1`): normal numbers as a function of (seed, tensor name, row, column).
 *
 * The same everywhere, and any row without those before it, so that a model larger than memory streams. A row runs
 * along a tensor's last axis; `row` numbers them in row-major order. All arithmetic is on unsigned 32-bit integers:
 *
 *     tensor key  a = fnv1a(text, 0x811c9dc5), b = fnv1a(text, 0x2f0b4a27)    text: UTF-8 of `seed`, 0, `name`
 *     row key     k₁ = mix(a ⊕ mix(row)), k₂ = mix(b + row · 0x9e3779b1)
 *     pair c/2    x = k₁ + (c/2) · 0x85ebca6b; x ⊕= x ≫ 16; x ·= 0x7feb352d; x ⊕= k₂; x ⊕= x ≫ 15; x ·= 0x846ca68b; x ⊕= x ≫ 16
 *     element c   deviation · Φ⁻¹((h + ½) / 65,536)    h: the lower 16 bits of x for even c, the upper for odd
 *
 * where mix(x) is: x ⊕= x ≫ 16; x ·= 0x7feb352d; x ⊕= x ≫ 15; x ·= 0x846ca68b; x ⊕= x ≫ 16. Two keys a row, so that no two rows
 * of a tensor are shifted copies of one another.
 */
import { normalQuantile } from './normal';

/** The numbers of one tensor. */
export class SeededTensor {
  /** Tensor keys. */
  readonly a: number;
  readonly b: number;

  constructor(
    seed: number,
    name: string,
    readonly columns: number,
    readonly deviation: number,
  ) {
    const text = new TextEncoder().encode(`${seed}\0${name}`);
    this.a = fnv1a(text, 0x811c9dc5);
    this.b = fnv1a(text, 0x2f0b4a27);
  }

  /** Rows [first, first + count), into `into` from `at`. */
  rows(first: number, count: number, into: Float32Array, at: number): void {
    const table = quantileTable();
    const { columns, deviation } = this;
    for (let row = first; row < first + count; row++) {
      const k1 = mix(this.a ^ mix(row));
      const k2 = mix((this.b + Math.imul(row, 0x9e3779b1)) | 0);
      fillRow(table, k1, k2, columns, deviation, into, at + (row - first) * columns);
    }
  }
}

function fillRow(
  table: Float32Array,
  k1: number,
  k2: number,
  columns: number,
  deviation: number,
  into: Float32Array,
  at: number,
): void {
  const even = columns & ~1;
  for (let c = 0; c < even; c += 2) {
    const x = pair(k1, k2, c >>> 1);
    into[at + c] = deviation * table[x & 0xffff]!;
    into[at + c + 1] = deviation * table[x >>> 16]!;
  }
  if (even < columns) into[at + even] = deviation * table[pair(k1, k2, even >>> 1) & 0xffff]!;
}

function pair(k1: number, k2: number, index: number): number {
  let x = (k1 + Math.imul(index, 0x85ebca6b)) | 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d) ^ k2;
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return x ^ (x >>> 16);
}

function mix(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return x ^ (x >>> 16);
}

function fnv1a(bytes: Uint8Array, basis: number): number {
  let hash = basis | 0;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash;
}

let quantiles: Float32Array | undefined;

/** Φ⁻¹ at the middles of 65,536 equal steps. */
export function quantileTable(): Float32Array {
  return (quantiles ??= Float32Array.from({ length: 65_536 }, (_, step) =>
    normalQuantile((step + 0.5) / 65_536),
  ));
}
