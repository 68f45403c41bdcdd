/** Arithmetic on four floats at a time, and the functions that the kernels share. */

/** a · b + c; rounded once where the build is for relaxed SIMD and the machine fuses, twice otherwise. */
// @ts-ignore: decorator
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  if (FUSED) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(c, f32x4.mul(a, b));
}

// @ts-ignore: decorator
@inline
export function sumOf(v: v128): f32 {
  const halves = f32x4.add(v, i32x4.shuffle(v, v, 2, 3, 0, 1));
  return f32x4.extract_lane(halves, 0) + f32x4.extract_lane(halves, 1);
}

// @ts-ignore: decorator
@inline
export function maximumOf(v: v128): f32 {
  const halves = f32x4.pmax(v, i32x4.shuffle(v, v, 2, 3, 0, 1));
  return f32x4.extract_lane(f32x4.pmax(halves, i32x4.shuffle(halves, halves, 1, 0, 3, 2)), 0);
}

// @ts-ignore: decorator
@inline
export function minimumOf(v: v128): f32 {
  const halves = f32x4.pmin(v, i32x4.shuffle(v, v, 2, 3, 0, 1));
  return f32x4.extract_lane(f32x4.pmin(halves, i32x4.shuffle(halves, halves, 1, 0, 3, 2)), 0);
}

/**
 * eˣ for −87.3 ≤ x: 2ⁿ · eʳ with n whole and |r| ≤ ln 2 / 2, where eʳ = 1 + r + r² · P(r), P of least largest error.
 * ln 2 is taken off in two parts, the first exact in float32 for every n.
 */
// @ts-ignore: decorator
@inline
function exponential(x: v128): v128 {
  const n = f32x4.nearest(f32x4.mul(x, f32x4.splat(1.4426950408889634)));
  let r = madd(n, f32x4.splat(-0.693359375), x);
  r = madd(n, f32x4.splat(2.12194440054690583e-4), r);
  let p = madd(f32x4.splat(0.0013814540579915047), r, f32x4.splat(0.00836874544620514));
  p = madd(p, r, f32x4.splat(0.04166838899254799));
  p = madd(p, r, f32x4.splat(0.1666652113199234));
  p = madd(p, r, f32x4.splat(0.4999999403953552));
  const y = f32x4.add(madd(p, f32x4.mul(r, r), r), f32x4.splat(1));
  const power = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23);
  return f32x4.mul(y, power);
}

/** The least x of which eˣ is not flushed to 0. */
const LEAST: f32 = -87.33654;

/** eˣ for x ≤ 0, exactly 0 from −87.34 down; NaN stays NaN. */
// @ts-ignore: decorator
@inline
export function expOfNegative(x: v128): v128 {
  const dead = f32x4.lt(x, f32x4.splat(LEAST));
  return v128.andnot(exponential(f32x4.pmax(x, f32x4.splat(LEAST))), dead);
}

/** eˣ, exactly 0 from −87.34 down and infinite from 88.4 up; NaN stays NaN. */
// @ts-ignore: decorator
@inline
export function exp(x: v128): v128 {
  return expOfNegative(f32x4.pmin(x, f32x4.splat(88.8)));
}

/** tanh u: u + u³ · P(u²) where it is small, else 1 − 2 / (e²ᵘ + 1). */
// @ts-ignore: decorator
@inline
export function tanh(u: v128): v128 {
  const s = f32x4.mul(u, u);
  let p = madd(f32x4.splat(-0.005528633948415518), s, f32x4.splat(0.020483316853642464));
  p = madd(p, s, f32x4.splat(-0.05369296669960022));
  p = madd(p, s, f32x4.splat(0.1333089917898178));
  p = madd(p, s, f32x4.splat(-0.3333326280117035));
  const small = madd(f32x4.mul(u, s), p, u);
  const one = f32x4.splat(1);
  const large = f32x4.sub(one, f32x4.div(f32x4.splat(2), f32x4.add(exp(f32x4.add(u, u)), one)));
  return v128.bitselect(small, large, f32x4.lt(f32x4.abs(u), f32x4.splat(0.625)));
}

/**
 * Φ(x), the normal distribution, by the share of its tail, ½ erfc t = ½ e^(−t · Q(t)) for t = |x| / √2: Φ itself below 0, and
 * missing from 1 above, without a difference of neighbours. Q is of least largest error up to 4, from where on nothing is
 * left in float32.
 */
// @ts-ignore: decorator
@inline
export function normalShare(x: v128): v128 {
  const magnitude = f32x4.mul(f32x4.abs(x), f32x4.splat(0.7071067811865476));
  const t = f32x4.pmin(magnitude, f32x4.splat(4));
  let q = madd(f32x4.splat(3.144018410239369e-5), t, f32x4.splat(-0.00030880238045938313));
  q = madd(q, t, f32x4.splat(0.0010324022732675076));
  q = madd(q, t, f32x4.splat(0.0005369323189370334));
  q = madd(q, t, f32x4.splat(-0.019583959132432938));
  q = madd(q, t, f32x4.splat(0.10291961580514908));
  q = madd(q, t, f32x4.splat(0.636597752571106));
  q = madd(q, t, f32x4.splat(1.128380298614502));
  const tail = f32x4.mul(f32x4.splat(0.5), expOfNegative(f32x4.neg(f32x4.mul(t, q))));
  const left = v128.andnot(tail, f32x4.gt(magnitude, f32x4.splat(4)));
  return v128.bitselect(left, f32x4.sub(f32x4.splat(1), left), f32x4.lt(x, f32x4.splat(0)));
}
