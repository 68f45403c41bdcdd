/** What kernels compute, in float64, and tasks for them. */
import type { AttendTask, FUNCTIONS, Matrix } from '../../../src/engine/kernels/kernels';
import { erf } from '../../../src/engine/kernels/plain/erf';
import { SeededTensor } from '../../../src/engine/weights/seeded';

export function random(name: string, size: number, deviation = 1): Float32Array {
  const values = new Float32Array(size);
  new SeededTensor(1, name, size, deviation).rows(0, 1, values, 0);
  return values;
}

type Change = (queries: number, keys: number) => Partial<AttendTask>;

/** Causal, with the last query at the last key. */
const causal = (queries: number, keys: number): Int32Array =>
  Int32Array.from({ length: 2 * queries }, (_, i) =>
    i % 2 ? Math.max(1, (i >> 1) + 1 + keys - queries) : 0,
  );

export const attentions: Readonly<Record<string, Change>> = {
  'to all keys': () => ({}),
  causal: (queries, keys) => ({ visible: causal(queries, keys) }),
  'in a window, with a query that sees nothing': (queries, keys) => ({
    visible: Int32Array.from({ length: 2 * queries }, (_, i) =>
      i >> 1 === 20 ? 0 : Math.min(keys, Math.max(0, (i >> 1) + (i % 2 ? 1 : -4))),
    ),
  }),
  'with sinks': () => ({ sinks: Float32Array.of(0.5, -1, 2, 0, 1, -3) }),
  'with a diagonal and a cap': (queries, keys) => ({
    softCap: 1.5,
    diagonal: random('diagonal', 6 * (queries + keys - 1)),
    visible: causal(queries, keys),
  }),
  'with a bias that is filled in': (_, keys) => ({
    fill: (head, first, rows, { data, offset, stride }) => {
      for (let row = 0; row < rows; row++) {
        for (let key = 0; key < keys; key++) {
          const hidden = key > 0 && (key + first + row) % 3 === 0;
          data[offset + row * stride + key] = hidden ? -Infinity : Math.sin(head + key + first + row);
        }
      }
    },
  }),
};

/** Six query heads over three of keys and values, of odd sizes. */
export function attentionTask(queries: number, keys: number): AttendTask {
  const [headDim, valueDim] = [20, 13];
  const heads = (name: string, length: number, count: number, dim: number) => ({
    data: random(name, length * (count * dim + 3) + 1),
    offset: 1,
    stride: count * dim + 3,
    step: dim,
  });
  return {
    ...{ heads: 6, keyValueHeads: 3, queries, keys, headDim, valueDim, scale: 0.3 },
    query: heads('q', queries, 6, headDim),
    key: heads('k', keys, 3, headDim),
    maps: new Float32Array(6 * queries * keys),
    values: { from: heads('v', keys, 3, valueDim), to: zerosLike(heads('o', queries, 6, valueDim)) },
  };
}

export function zerosLike<M extends Matrix>(matrix: M): M {
  return { ...matrix, data: new Float32Array(matrix.data.length) };
}

/** Scores of a head before the mask. */
export function scoresOf(task: AttendTask, head: number): Float64Array {
  const { queries, keys, query, key, headDim, diagonal, fill } = task;
  const scores = new Float64Array(queries * keys);
  const bias = new Float32Array(queries * keys);
  void fill?.(head, 0, queries, { data: bias, offset: 0, stride: keys });
  const keyHead = Math.floor(head / 2);
  for (let i = 0; i < queries; i++) {
    for (let j = 0; j < keys; j++) {
      let sum = 0;
      for (let d = 0; d < headDim; d++) {
        sum +=
          query.data[query.offset + i * query.stride + head * query.step + d]! *
          key.data[key.offset + j * key.stride + keyHead * key.step + d]!;
      }
      sum *= task.scale;
      if (task.softCap) sum = task.softCap * Math.tanh(sum / task.softCap);
      if (diagonal) sum += diagonal[head * (queries + keys - 1) + j - i + queries - 1]!;
      scores[i * keys + j] = sum + bias[i * keys + j]!;
    }
  }
  return scores;
}

export function attended(task: AttendTask): { maps: Float64Array; sums: Float64Array } {
  const { heads, queries, keys, visible, sinks, valueDim } = task;
  const { from, to } = task.values!;
  const maps = new Float64Array(heads * queries * keys);
  const sums = new Float64Array(to.data.length);
  for (let head = 0; head < heads; head++) {
    const scores = scoresOf(task, head);
    for (let i = 0; i < queries; i++) {
      const [first, last] = visible ? [visible[2 * i]!, visible[2 * i + 1]!] : [0, keys];
      const row = scores.subarray(i * keys + first, i * keys + last).map(Math.exp);
      const total = row.reduce((sum, weight) => sum + weight, sinks ? Math.exp(sinks[head]!) : 0);
      row.forEach((weight, j) => {
        maps[(head * queries + i) * keys + first + j] = weight / total;
        for (let d = 0; d < valueDim; d++) {
          const at = from.offset + (first + j) * from.stride + Math.floor(head / 2) * from.step + d;
          sums[to.offset + i * to.stride + head * to.step + d]! += (weight / total) * from.data[at]!;
        }
      });
    }
  }
  return { maps, sums };
}

export function normed(
  x: Float32Array,
  width: number,
  type: 'layer' | 'rms',
  epsilon: number,
  { weight, bias, offset = 0 }: { weight?: Float32Array; bias?: Float32Array | undefined; offset?: number },
): Float64Array {
  const out = new Float64Array(x.length);
  for (let start = 0; start < x.length; start += width) {
    const row = Float64Array.from(x.subarray(start, start + width));
    const mean = type === 'rms' ? 0 : row.reduce((a, b) => a + b) / width;
    const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / width;
    row.forEach((value, j) => {
      const normal = (value - mean) / Math.sqrt(variance + epsilon);
      out[start + j] = normal * (weight ? weight[j]! + offset : 1) + (bias?.[j] ?? 0);
    });
  }
  return out;
}

export function exact(what: (typeof FUNCTIONS)[number], x: number, y: number): number {
  switch (what) {
    case 'gelu':
      return 0.5 * x * (1 + erf(x * Math.SQRT1_2));
    case 'tanhGelu':
      return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
    case 'quickGelu':
      return x / (1 + Math.exp(-1.702 * x));
    case 'silu':
      return x / (1 + Math.exp(-x));
    case 'sigmoid':
      return 1 / (1 + Math.exp(-x));
    case 'tanh':
      return Math.tanh(x);
    case 'relu':
      return Math.max(0, x);
    case 'squaredRelu':
      return Math.max(0, x) ** 2;
    case 'identity':
      return x;
    case 'add':
      return x + y;
    case 'scale':
      return x * 0.7;
  }
}
