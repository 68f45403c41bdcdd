/** What happens between modules: sums, activations, and the changes of shape that models make. */
import type { Operation } from '../../core/model/module';
import type { Context } from '../context';
import { RunFailure } from '../failure';
import { ids, idsOf, tensor, zeros, type Tensor, type Value } from '../tensor';
import { isNotRun } from '../shapes';
import { activate } from './activations';
import { vector } from './linear';

export async function operation(run: Operation, inputs: readonly Value[], context: Context): Promise<Value> {
  const [x] = inputs;
  if (isNotRun(run)) throw new Error(`${run.op} is not run`);
  switch (run.op) {
    case 'add':
      return elementwise(inputs, (a, b) => a + b);
    case 'multiply':
      return elementwise(inputs, (a, b) => a * b);
    case 'scale':
      return { shape: tensor(x).shape, data: tensor(x).data.map((value) => value * run.by) };
    case 'softCap':
      return {
        shape: tensor(x).shape,
        data: tensor(x).data.map((value) => run.cap * Math.tanh(value / run.cap)),
      };
    case 'activation': {
      const data = tensor(x).data.slice();
      await activate(run.activation, data, context.pace);
      return { shape: tensor(x).shape, data };
    }
    case 'positions':
      return ids(idsOf(x).ids.keys());
    case 'zeros':
      return ids(idsOf(x).ids.map(() => 0));
    case 'firstToken':
      return tokens(tensor(x), 0, 1);
    case 'lastToken':
      return tokens(tensor(x), tensor(x).shape[0]! - 1, 1);
    case 'dropTokens':
      return tokens(tensor(x), run.count, tensor(x).shape[0]! - run.count);
    case 'patchesToTokens':
      return turned(tensor(x), tensor(x).shape[0]!, (channels, places) => [places, channels]);
    case 'tokensToPatches':
      return turned(tensor(x), run.height * run.width, (_, channels) => [channels, run.height, run.width]);
    case 'prependTokens': {
      const token = await vector(run.token, context);
      const { shape, data } = tensor(x);
      const out = zeros(shape[0]! + token.length / shape[1]!, shape[1]!);
      out.data.set(token);
      out.data.set(data, token.length);
      return out;
    }
    case 'addTable': {
      const table = await vector(run.table, context);
      const { shape, data } = tensor(x);
      if (table.length < data.length) throw new Error('addTable: the table is shorter than the sequence');
      return { shape, data: data.map((value, i) => value + table[i]!) };
    }
    case 'pixelShuffle':
      return pixelShuffle(tensor(x), run.factor);
    case 'sinusoids':
    case 'learnedSequence':
      throw new RunFailure('unsupported', run.op);
  }
}

function elementwise(inputs: readonly Value[], combine: (a: number, b: number) => number): Tensor {
  const a = tensor(inputs[0]);
  const b = tensor(inputs[1]).data;
  if (a.data.length !== b.length) throw new Error(`${a.data.length} elements meet ${b.length}`);
  return { shape: a.shape, data: a.data.map((value, i) => combine(value, b[i]!)) };
}

function tokens(x: Tensor, first: number, count: number): Tensor {
  const width = x.shape[1]!;
  return { shape: [count, width], data: x.data.slice(first * width, (first + count) * width) };
}

/** The transpose of [rows, rest] under another shape. */
function turned(x: Tensor, rows: number, shape: (rows: number, columns: number) => number[]): Tensor {
  const columns = x.data.length / rows;
  const out = zeros(...shape(rows, columns));
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) out.data[j * rows + i] = x.data[i * columns + j]!;
  }
  return out;
}

/** [c·f², h, w] → [c, h·f, w·f]. */
function pixelShuffle(x: Tensor, factor: number): Tensor {
  const [channels, height, width] = [x.shape[0]! / factor ** 2, x.shape[1]!, x.shape[2]!];
  const out = zeros(channels, height * factor, width * factor);
  let at = 0;
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < height * factor; y++) {
      for (let column = 0; column < width * factor; column++) {
        const from = (c * factor + (y % factor)) * factor + (column % factor);
        const place = Math.floor(y / factor) * width + Math.floor(column / factor);
        out.data[at++] = x.data[from * height * width + place]!;
      }
    }
  }
  return out;
}
