/**
 * Seeded weights `hsw1`, as engine/weights/seeded.ts defines them, bit for bit. A tensor's description is the words
 * [key a, key b, address of the table]: 65,536 quantiles, already multiplied by the deviation.
 */

// @ts-ignore: decorator
@inline
function mix(x: u32): u32 {
  x = (x ^ (x >> 16)) * 0x7feb352d;
  x = (x ^ (x >> 15)) * 0x846ca68b;
  return x ^ (x >> 16);
}

/** Four neighbouring pairs of a row. */
// @ts-ignore: decorator
@inline
function pairs(counter: v128, k2: v128): v128 {
  let x = i32x4.mul(v128.xor(counter, i32x4.shr_u(counter, 16)), i32x4.splat(0x7feb352d));
  x = v128.xor(x, k2);
  x = i32x4.mul(v128.xor(x, i32x4.shr_u(x, 15)), i32x4.splat(0x846ca68b));
  return v128.xor(x, i32x4.shr_u(x, 16));
}

// @ts-ignore: decorator
@inline
function look(table: usize, bits: u32): f32 {
  return load<f32>(table + ((bits & 0xffff) << 2));
}

/** Elements [column, column + count) of a row into `out`; `column` is even. */
export function fillRow(tensor: usize, row: u32, column: u32, count: usize, out: usize): void {
  const k1 = mix(load<u32>(tensor) ^ mix(row));
  const k2 = i32x4.splat(mix(load<u32>(tensor, 4) + row * 0x9e3779b1));
  const table = <usize>load<u32>(tensor, 8);
  const steps = i32x4.mul(i32x4(0, 1, 2, 3), i32x4.splat(0x85ebca6b));
  const step: u32 = 4 * 0x85ebca6b;
  let first: u32 = k1 + (column >> 1) * 0x85ebca6b;
  let done: usize = 0;
  for (; done + 8 <= count; done += 8) {
    const x = pairs(i32x4.add(i32x4.splat(first), steps), k2);
    first += step;
    const x0 = <u32>i32x4.extract_lane(x, 0);
    const x1 = <u32>i32x4.extract_lane(x, 1);
    const x2 = <u32>i32x4.extract_lane(x, 2);
    const x3 = <u32>i32x4.extract_lane(x, 3);
    store<f32>(out, look(table, x0));
    store<f32>(out, look(table, x0 >> 16), 4);
    store<f32>(out, look(table, x1), 8);
    store<f32>(out, look(table, x1 >> 16), 12);
    store<f32>(out, look(table, x2), 16);
    store<f32>(out, look(table, x2 >> 16), 20);
    store<f32>(out, look(table, x3), 24);
    store<f32>(out, look(table, x3 >> 16), 28);
    out += 32;
  }
  for (; done < count; done += 2) {
    const x = <u32>i32x4.extract_lane(pairs(i32x4.splat(first), k2), 0);
    first += 0x85ebca6b;
    store<f32>(out, look(table, x));
    if (done + 1 < count) store<f32>(out, look(table, x >> 16), 4);
    out += 8;
  }
}
