/**
 * Nyström's approximation of attention (Xiong et al. 2021): softmax(q·l_kᵀ) · softmax(l_q·l_kᵀ)⁺ · softmax(l_q·kᵀ) · v, where
 * landmarks l are averages of as many segments of queries and keys. The maps are the first two factors: they say how a
 * query's output is made of the landmarks', and are no probabilities.
 */
import type { Attention } from '../../../core/model/module';
import type { Context } from '../../context';
import { RunFailure } from '../../failure';
import type { AttendTask, Heads } from '../../kernels/kernels';
import { turnedMatmul } from '../linear';

type Landmarks = NonNullable<Attention['landmarks']>;

/** Landmarks are averages over segments of one length, which fill the sequence: the class takes no other. */
export function checkLength({ count, segment }: Landmarks, length: number): void {
  if (length === count * segment) return;
  throw new RunFailure(
    'tooLong',
    `${count} landmarks are averages over ${segment} tokens each: the input must have ${count * segment} tokens, ` +
      `and has ${length}`,
  );
}

/** Fills maps [heads, queries, count] and sums; a part of one head's map alone is left to who wants it. */
export async function attendLandmarks(
  task: AttendTask,
  { count, iterations, segment }: Landmarks,
  path: string,
  context: Context,
): Promise<void> {
  if (task.tile !== undefined) return;
  const { heads, headDim, valueDim, queries, keys, query, key, maps, values } = task;
  const seen: AttendTask = {
    heads,
    keyValueHeads: heads,
    queries,
    keys,
    headDim,
    valueDim,
    query,
    key,
    scale: task.scale,
  };
  const [landmarkQueries, landmarkKeys] = [query, key].map((vectors) =>
    averages(vectors, heads, headDim, count, segment, context),
  ) as [Heads, Heads];
  const toLandmarks = context.zeros(heads, queries, count).data;
  await context.kernels.attend(
    { ...seen, keys: count, key: landmarkKeys, maps: toLandmarks },
    path,
    context.pace,
  );
  const between = context.zeros(heads, count, count).data;
  const few = { ...seen, queries: count, query: landmarkQueries };
  await context.kernels.attend({ ...few, keys: count, key: landmarkKeys, maps: between }, path, context.pace);
  const inverse = await inverseOf(between, heads, count, iterations, context);
  const whole = maps ?? context.zeros(heads, queries, count).data;
  await byHead(heads, queries, count, count, toLandmarks, inverse, whole, context);
  if (values === undefined) return;
  const sums = context.zeros(count, heads * valueDim).data;
  const to = { data: sums, offset: 0, stride: heads * valueDim, step: valueDim };
  await context.kernels.attend({ ...few, values: { from: values.from, to } }, path, context.pace);
  for (let head = 0; head < heads; head++) {
    await turnedMatmul(
      context,
      queries,
      valueDim,
      count,
      { data: whole, offset: head * queries * count, stride: count },
      { data: sums, offset: head * valueDim, stride: heads * valueDim },
      { ...values.to, offset: values.to.offset + head * values.to.step },
    );
  }
}

/** Each of so many segments' average, heads side by side. */
function averages(
  { data, offset, stride, step }: Heads,
  heads: number,
  headDim: number,
  count: number,
  segment: number,
  context: Context,
): Heads {
  const width = heads * headDim;
  const out = context.zeros(count, width).data;
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < width; j++) {
      const at = offset + Math.floor(j / headDim) * step + (j % headDim);
      let sum = 0;
      for (let s = i * segment; s < (i + 1) * segment; s++) sum += data[at + s * stride]!;
      out[i * width + j] = sum / segment;
    }
  }
  return { data: out, offset: 0, stride: width, step: headDim };
}

/**
 * Of each head's matrix [n, n] the pseudo-inverse, iterated from its transpose over the largest sum of a column of all
 * heads: z ← z(13 − az(15 − az(7 − az))) / 4.
 */
async function inverseOf(
  a: Float32Array,
  heads: number,
  n: number,
  iterations: number,
  context: Context,
): Promise<Float32Array> {
  const size = heads * n * n;
  let largest = 0;
  for (let column = 0; column < heads * n; column++) {
    const start = Math.floor(column / n) * n * n + (column % n);
    let sum = 0;
    for (let row = 0; row < n; row++) sum += a[start + row * n]!;
    largest = Math.max(largest, sum);
  }
  let z = context.zeros(size).data;
  for (let i = 0; i < size; i++) {
    const [head, row, column] = [Math.floor(i / (n * n)), Math.floor(i / n) % n, i % n];
    z[i] = a[(head * n + column) * n + row]! / largest;
  }
  for (let step = 0; step < iterations; step++) {
    const az = await multiplied(heads, n, a, z, context);
    let inner = lessThan(7, az, n, context);
    inner = lessThan(15, await multiplied(heads, n, az, inner, context), n, context);
    inner = lessThan(13, await multiplied(heads, n, az, inner, context), n, context);
    z = await multiplied(heads, n, z, inner, context);
    for (let i = 0; i < size; i++) z[i]! *= 0.25;
  }
  return z;
}

/** diagonal − x, for matrices [n, n]. */
function lessThan(diagonal: number, x: Float32Array, n: number, context: Context): Float32Array {
  const out = context.zeros(x.length).data;
  for (let i = 0; i < x.length; i++) {
    const place = i % (n * n);
    out[i] = (Math.floor(place / n) === place % n ? diagonal : 0) - x[i]!;
  }
  return out;
}

async function multiplied(
  heads: number,
  n: number,
  a: Float32Array,
  b: Float32Array,
  context: Context,
): Promise<Float32Array> {
  const out = context.zeros(heads, n, n).data;
  await byHead(heads, n, n, n, a, b, out, context);
  return out;
}

/** out[h] += a[h] · b[h], of [heads, m, k] and [heads, k, n]. */
async function byHead(
  heads: number,
  m: number,
  n: number,
  k: number,
  a: Float32Array,
  b: Float32Array,
  out: Float32Array,
  context: Context,
): Promise<void> {
  for (let head = 0; head < heads; head++) {
    await turnedMatmul(
      context,
      m,
      n,
      k,
      { data: a, offset: head * m * k, stride: k },
      { data: b, offset: head * k * n, stride: n },
      { data: out, offset: head * m * n, stride: n },
    );
  }
}
