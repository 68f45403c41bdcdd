/** What offsets on a grid of tokens add to the scores, and what keeps the regions of a shifted window apart. */
import type { Attention, Linear, Parameter, PositionScheme, Windows } from '../../../core/model/module';
import type { Context } from '../../context';
import { RunFailure } from '../../failure';
import type { AttendTask, Matrix } from '../../kernels/kernels';
import { linear, vector } from '../linear';
import { resized } from '../operations/resizes';

type Table = Extract<PositionScheme, { type: 'relativeGrid' }>;
type Network = Extract<PositionScheme, { type: 'continuousGrid' }>;

const f32 = Math.fround;

/** @param index of the window among those that the grid is cut into. @param tokens of one window or of the grid. */
export async function gridBias(
  { heads, windows }: Attention,
  position: Table | Network,
  tokens: number,
  index: number,
  context: Context,
): Promise<Required<Pick<AttendTask, 'fill'>>> {
  const biases =
    position.type === 'relativeGrid'
      ? await fromTable(position, heads, tokens, context)
      : await fromNetwork(position, heads, context);
  const regions = windows === undefined ? undefined : regionsOf(windows, index);
  const penalty = windows?.penalty ?? 0;
  return {
    fill: (head, first, rows, into) => {
      for (let row = 0; row < rows; row++) {
        const query = first + row;
        const at = into.offset + row * into.stride;
        for (let key = 0; key < tokens; key++) into.data[at + key] = biases(head, query, key);
        if (regions !== undefined) separate(regions, query, penalty, into, at);
      }
    },
  };
}

type Bias = (head: number, query: number, key: number) => number;

/** Row of a table of offsets, row by row of the grid: that of a query less that of a key. */
function offsetRow(query: number, key: number, height: number, width: number): number {
  const down = Math.floor(query / width) - Math.floor(key / width) + height - 1;
  const across = (query % width) - (key % width) + width - 1;
  return down * (2 * width - 1) + across;
}

async function fromTable(position: Table, heads: number, tokens: number, context: Context): Promise<Bias> {
  const { also, height, width, classToken } = position;
  const before = classToken ? 1 : 0;
  if (tokens !== height * width + before) {
    throw new RunFailure(
      'config',
      `a bias for a grid of ${height} × ${width}, and ${tokens - before} tokens; ` +
        'set image_size, patch_size and window_size so that windows fill the grid',
    );
  }
  const values = await tableOf(position, position.table, heads, context);
  const others = also && (await tableOf(position, also, heads, context));
  if (others !== undefined) for (let i = 0; i < values.length; i++) values[i]! += others[i]!;
  const rows = values.length / heads;
  return (head, query, key) => {
    // The last three rows: from the class token, to it, and its own.
    const special = classToken && (query === 0 || key === 0);
    const row = special
      ? rows - (query > 0 ? 2 : key > 0 ? 3 : 1)
      : offsetRow(query - before, key - before, height, width);
    return values[row * heads + head]!;
  };
}

/** A table [distances, heads] as the class looks it up. */
async function tableOf(
  { height, width, transposed }: Table,
  table: Parameter,
  heads: number,
  context: Context,
): Promise<Float32Array> {
  const values = await vector(table, context);
  const [rows, columns] = [2 * height - 1, 2 * width - 1];
  if (!transposed || rows === columns) return values;
  const distances = rows * columns;
  const turned = context.zeros(heads, columns, rows);
  for (let i = 0; i < distances * heads; i++) {
    turned.data[(i % heads) * distances + Math.floor(i / heads)] = values[i]!;
  }
  const { data } = await resized(turned, [rows, columns], 'areas', context);
  for (let i = 0; i < distances * heads; i++) {
    values[i] = data[(i % heads) * distances + Math.floor(i / heads)]!;
  }
  return values;
}

/** Swin v2: a small network of the offset, whose logarithm it gets. */
async function fromNetwork(
  { hidden, output, window, pretrainedWindow }: Network,
  heads: number,
  context: Context,
): Promise<Bias> {
  const side = 2 * window - 1;
  const reach = pretrainedWindow > 0 ? pretrainedWindow - 1 : Math.max(1, window - 1);
  const offsets = context.zeros(side ** 2, 2);
  for (let i = 0; i < side ** 2; i++) {
    offsets.data[2 * i] = logarithmic(Math.floor(i / side) - window + 1, reach);
    offsets.data[2 * i + 1] = logarithmic((i % side) - window + 1, reach);
  }
  const values = await twoLayers(hidden, output, offsets, context);
  for (let i = 0; i < values.length; i++) values[i] = 16 / (1 + Math.exp(-values[i]!));
  return (head, query, key) => values[offsetRow(query, key, window, window) * heads + head]!;
}

/** sign(x)·log₂(|x| + 1) / 3 of an offset x scaled to ±8, as the class has it in float32. */
function logarithmic(offset: number, reach: number): number {
  const scaled = f32(f32(offset / reach) * 8);
  return f32(f32(Math.sign(scaled) * f32(Math.log2(f32(Math.abs(scaled) + 1)))) / 3);
}

async function twoLayers(
  hidden: Linear,
  output: Linear,
  x: Parameters<typeof linear>[1],
  context: Context,
): Promise<Float32Array> {
  const inner = await linear(hidden, x, context);
  for (let i = 0; i < inner.data.length; i++) inner.data[i] = Math.max(0, inner.data[i]!);
  return (await linear(output, inner, context)).data;
}

/**
 * Which of the nine regions of a rolled grid each token of a window is from: those behind the last whole window, and
 * those that the roll brought from the other side, along each axis.
 */
function regionsOf({ height, width, window, shift }: Windows, index: number): Uint8Array {
  const [rows, columns] = [height, width].map((side) => Math.ceil(side / window) * window) as [
    number,
    number,
  ];
  const across = columns / window;
  const region = (place: number, side: number): number =>
    (place >= side - window ? 1 : 0) + (place >= side - shift ? 1 : 0);
  return Uint8Array.from({ length: window ** 2 }, (_, token) => {
    const row = Math.floor(index / across) * window + Math.floor(token / window);
    const column = (index % across) * window + (token % window);
    return 3 * region(row, rows) + region(column, columns);
  });
}

/** The classes do not hide a key of another region: they take a constant from its score. */
function separate(regions: Uint8Array, query: number, penalty: number, into: Matrix, at: number): void {
  for (let key = 0; key < regions.length; key++) {
    if (regions[key] !== regions[query]) into.data[at + key]! += penalty;
  }
}
