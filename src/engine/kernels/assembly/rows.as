/** Norms over rows, and what happens to elements one by one. Each function does the part [from, to) of its work. */
import { exp, madd, normalShare, sumOf, tanh } from './vector';

@unmanaged
export class Norm {
  x: u32;
  out: u32;
  width: u32;
  /** 0: none. */
  weight: u32;
  bias: u32;
  epsilon: f32;
  /** Added to each weight. */
  offset: f32;
  /** 1: root mean square, without a mean taken off. */
  rms: u32;
  rows: u32;
  /** Rows of a chunk. */
  chunk: u32;
}

export function normChunk(p: Norm, chunk: u32): void {
  const from = chunk * p.chunk;
  const to = min(p.rows, from + p.chunk);
  const bytes = <usize>p.width * 4;
  for (let row = from; row < to; row++) {
    normRow(p, <usize>p.x + <usize>row * bytes, <usize>p.out + <usize>row * bytes);
  }
}

function normRow(p: Norm, x: usize, out: usize): void {
  const n = <usize>p.width;
  const whole = n & ~3;
  let mean: f32 = 0;
  if (!p.rms) {
    let sum = f32x4.splat(0);
    for (let i: usize = 0; i < whole; i += 4) sum = f32x4.add(sum, v128.load(x + i * 4));
    mean = sumOf(sum);
    for (let i = whole; i < n; i++) mean += load<f32>(x + i * 4);
    mean /= <f32>n;
  }
  const means = f32x4.splat(mean);
  let squares = f32x4.splat(0);
  for (let i: usize = 0; i < whole; i += 4) {
    const deviation = f32x4.sub(v128.load(x + i * 4), means);
    squares = madd(deviation, deviation, squares);
  }
  let square = sumOf(squares);
  for (let i = whole; i < n; i++) {
    const deviation = load<f32>(x + i * 4) - mean;
    square += deviation * deviation;
  }
  const factor: f32 = <f32>1 / sqrt<f32>(square / <f32>n + p.epsilon);
  const factors = f32x4.splat(factor);
  const offsets = f32x4.splat(p.offset);
  const weight = <usize>p.weight;
  const bias = <usize>p.bias;
  let i: usize = 0;
  for (; i < whole; i += 4) {
    let y = f32x4.mul(f32x4.sub(v128.load(x + i * 4), means), factors);
    if (weight) y = f32x4.mul(y, f32x4.add(v128.load(weight + i * 4), offsets));
    if (bias) y = f32x4.add(y, v128.load(bias + i * 4));
    v128.store(out + i * 4, y);
  }
  for (; i < n; i++) {
    let y: f32 = (load<f32>(x + i * 4) - mean) * factor;
    if (weight) y *= load<f32>(weight + i * 4) + p.offset;
    if (bias) y += load<f32>(bias + i * 4);
    store<f32>(out + i * 4, y);
  }
}

/** x ← f(x), x ← f(x) · y, x ← x + y, or x ← x · by. */
@unmanaged
export class Elements {
  /** As kernels/elements.ts numbers them. */
  what: u32;
  x: u32;
  y: u32;
  length: u32;
  /** Elements of a chunk, a multiple of 4. */
  chunk: u32;
  by: f32;
}

const GELU: u32 = 0;
const TANH_GELU: u32 = 1;
const QUICK_GELU: u32 = 2;
const SILU: u32 = 3;
const RELU: u32 = 4;
const SIGMOID: u32 = 5;
const TANH: u32 = 6;
const IDENTITY: u32 = 7;
const ADD: u32 = 8;
const SCALE: u32 = 9;
const SQUARED_RELU: u32 = 10;

// @ts-ignore: decorator
@inline
function apply(what: u32, x: v128): v128 {
  const one = f32x4.splat(1);
  if (what == GELU) return f32x4.mul(x, normalShare(x));
  if (what == TANH_GELU) {
    // ½ (1 + tanh u) is 1 / (1 + e^−2u), which loses nothing where tanh is near −1.
    const cubic = madd(f32x4.mul(f32x4.mul(x, x), x), f32x4.splat(0.044715), x);
    return f32x4.div(x, f32x4.add(one, exp(f32x4.mul(cubic, f32x4.splat(-1.5957691216057308)))));
  }
  if (what == QUICK_GELU) return f32x4.div(x, f32x4.add(one, exp(f32x4.mul(x, f32x4.splat(-1.702)))));
  if (what == SILU) return f32x4.div(x, f32x4.add(one, exp(f32x4.neg(x))));
  if (what == SIGMOID) return f32x4.div(one, f32x4.add(one, exp(f32x4.neg(x))));
  if (what == TANH) return tanh(x);
  const positive = f32x4.pmax(x, f32x4.splat(0));
  if (what == RELU) return positive;
  if (what == SQUARED_RELU) return f32x4.mul(positive, positive);
  return x;
}

// @ts-ignore: decorator
@inline
function combine(what: u32, x: v128, y: usize, by: v128): v128 {
  if (what == ADD) return f32x4.add(x, v128.load(y));
  if (what == SCALE) return f32x4.mul(x, by);
  const result = apply(what, x);
  return y ? f32x4.mul(result, v128.load(y)) : result;
}

// @ts-ignore: decorator
@inline
function over(what: u32, x: usize, y: usize, end: usize, by: v128): void {
  for (; x + 16 <= end; x += 16) {
    v128.store(x, combine(what, v128.load(x), y, by));
    if (y) y += 16;
  }
  if (x == end) return;
  // What lies behind the end may be another's: it is read along, and not written.
  let last = combine(what, v128.load(x), y, by);
  for (; x < end; x += 4) {
    v128.store32_lane(x, last, 0);
    last = i32x4.shuffle(last, last, 1, 2, 3, 3);
  }
}

export function elementsChunk(p: Elements, chunk: u32): void {
  const from = <usize>chunk * p.chunk;
  const to = min<usize>(p.length, from + p.chunk);
  const x = <usize>p.x + from * 4;
  const end = <usize>p.x + to * 4;
  const y: usize = p.y ? <usize>p.y + from * 4 : 0;
  const by = f32x4.splat(p.by);
  switch (p.what) {
    case GELU: over(GELU, x, y, end, by); break;
    case TANH_GELU: over(TANH_GELU, x, y, end, by); break;
    case QUICK_GELU: over(QUICK_GELU, x, y, end, by); break;
    case SILU: over(SILU, x, y, end, by); break;
    case RELU: over(RELU, x, y, end, by); break;
    case SIGMOID: over(SIGMOID, x, y, end, by); break;
    case TANH: over(TANH, x, y, end, by); break;
    case SQUARED_RELU: over(SQUARED_RELU, x, y, end, by); break;
    case IDENTITY: over(IDENTITY, x, y, end, by); break;
    case ADD: over(ADD, x, y, end, by); break;
    case SCALE: over(SCALE, x, y, end, by); break;
  }
}
