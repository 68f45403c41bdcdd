/** Norms and softmax in plain TypeScript: sums in float64, results in float32. */

export function layerNorm(
  x: Float32Array,
  out: Float32Array,
  width: number,
  weight: Float32Array | undefined,
  bias: Float32Array | undefined,
  epsilon: number,
  offset = 0,
): void {
  for (let start = 0; start < x.length; start += width) {
    let sum = 0;
    for (let j = 0; j < width; j++) sum += x[start + j]!;
    const mean = sum / width;
    let squares = 0;
    for (let j = 0; j < width; j++) {
      const deviation = x[start + j]! - mean;
      squares += deviation * deviation;
    }
    const factor = 1 / Math.sqrt(squares / width + epsilon);
    for (let j = 0; j < width; j++) {
      const normal = (x[start + j]! - mean) * factor;
      out[start + j] =
        normal * (weight === undefined ? 1 : weight[j]! + offset) + (bias === undefined ? 0 : bias[j]!);
    }
  }
}

export function rmsNorm(
  x: Float32Array,
  out: Float32Array,
  width: number,
  weight: Float32Array | undefined,
  epsilon: number,
  offset = 0,
): void {
  for (let start = 0; start < x.length; start += width) {
    let squares = 0;
    for (let j = 0; j < width; j++) squares += x[start + j]! * x[start + j]!;
    const factor = 1 / Math.sqrt(squares / width + epsilon);
    for (let j = 0; j < width; j++) {
      out[start + j] = x[start + j]! * factor * (weight === undefined ? 1 : weight[j]! + offset);
    }
  }
}

export function softmax(data: Float32Array, from: number, to: number, sink = -Infinity): boolean {
  let largest = sink;
  for (let i = from; i < to; i++) {
    const score = data[i]!;
    if (!(score <= largest)) largest = score;
  }
  // A NaN score stays the largest from there on, or makes the sum NaN.
  if (!Number.isFinite(largest)) return false;
  let sum = Math.exp(sink - largest);
  for (let i = from; i < to; i++) {
    const weight = Math.exp(data[i]! - largest);
    data[i] = weight;
    sum += weight;
  }
  const factor = 1 / sum;
  for (let i = from; i < to; i++) data[i] = data[i]! * factor;
  return Number.isFinite(sum);
}
