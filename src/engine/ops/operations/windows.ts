/** Grids of tokens cut into windows and merged, and maps cut into patches. */
import type { Operation, Windows } from '../../../core/model/module';
import type { Context } from '../../context';
import { tensor, type Shape, type Tensor } from '../../tensor';
import type { OperationOps } from '../op';
import { resized } from './resizes';

export const windowOps = {
  cutWindows: {
    shape: (run, [x]) => [windowCount(run), run.window ** 2, x![1]!],
    run: (run, [x], context) => {
      const { shape, data } = tensor(x);
      const width = shape[1]!;
      const out = context.zeros(windowCount(run), run.window ** 2, width);
      eachPlace(run, (token, place) =>
        out.data.set(data.subarray(token * width, (token + 1) * width), place * width),
      );
      return Promise.resolve(out);
    },
  },
  joinWindows: {
    shape: (run, [x]) => [run.height * run.width, x![2]!],
    run: (run, [x], context) => {
      const { shape, data } = tensor(x);
      const width = shape[2]!;
      const out = context.zeros(run.height * run.width, width);
      eachPlace(run, (token, place) =>
        out.data.set(data.subarray(place * width, (place + 1) * width), token * width),
      );
      return Promise.resolve(out);
    },
  },
  mergePatches: {
    shape: ({ height, width }, [x]) => [Math.ceil(height / 2) * Math.ceil(width / 2), 4 * x![1]!],
    run: (run, [x], context) => Promise.resolve(merged(tensor(x), run, context)),
  },
  joinSquares: {
    shape: (run, [x]) => joinedShape(run, x!),
    run: (run, [x], context) => Promise.resolve(joined(tensor(x), run, context)),
  },
  packSequences: {
    shape: (_, [x]) => (x!.length === 3 ? [x![0]! * x![1]!, x![2]!] : x!),
    run: (_, [x]) => {
      const { shape, data } = tensor(x);
      return Promise.resolve(shape.length === 3 ? { shape: [shape[0]! * shape[1]!, shape[2]!], data } : x!);
    },
  },
  cutPatches: {
    shape: (run, [x]) => cutShape(run, x!),
    run: async (run, [x], context) => {
      const map = await fitted(run, tensor(x), context);
      const out = context.zeros(...cutShape(run, map.shape));
      eachSpot(run, map.shape, (at, place) => (out.data[place] = map.data[at]!));
      return out;
    },
  },
  joinPatches: {
    shape: (run, [x, map]) => [run.form === 'sequences' ? x![2]! : x![0]!, ...map!.slice(1)],
    run: async (run, [x, map], context) => {
      const { shape, data } = tensor(x);
      const [, height, width] = map!.shape as [number, number, number];
      const channels = run.form === 'sequences' ? shape[2]! : shape[0]!;
      const whole = run.form === 'sequences' ? Math.ceil : Math.floor;
      const [rows, columns] = [height, width].map((side) => whole(side / run.size) * run.size);
      // What fills no patch has no features: torch's fold leaves zeros there.
      const own = run.form === 'sequences' ? [channels, rows!, columns!] : [channels, height, width];
      const out = context.zeros(...own);
      eachSpot(run, own, (at, place) => (out.data[at] = data[place]!));
      return run.form === 'sequences' ? resized(out, [height, width], 'areas', context) : out;
    },
  },
} satisfies OperationOps;

function windowCount({ height, width, window }: Windows): number {
  return Math.ceil(height / window) * Math.ceil(width / window);
}

/**
 * Calls `visit` with each token of a grid and its place in the windows: the grid is filled up to whole windows, then
 * rolled towards its beginning.
 */
function eachPlace(windows: Windows, visit: (token: number, place: number) => void): void {
  const { height, width, window, shift } = windows;
  const [down, across] = [Math.ceil(height / window), Math.ceil(width / window)];
  for (let y = 0; y < height; y++) {
    const row = (y - shift + down * window) % (down * window);
    for (let x = 0; x < width; x++) {
      const column = (x - shift + across * window) % (across * window);
      const index = Math.floor(row / window) * across + Math.floor(column / window);
      visit(y * width + x, (index * window + (row % window)) * window + (column % window));
    }
  }
}

/** Four neighbours side by side: first column, then second, each from top to bottom; zeros beyond the grid. */
function merged(x: Tensor, { height, width }: { height: number; width: number }, context: Context): Tensor {
  const channels = x.shape[1]!;
  const columns = Math.ceil(width / 2);
  const out = context.zeros(Math.ceil(height / 2) * columns, 4 * channels);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const from = (row * width + column) * channels;
      const square = Math.floor(row / 2) * columns + Math.floor(column / 2);
      const part = 2 * (column % 2) + (row % 2);
      out.data.set(x.data.subarray(from, from + channels), (4 * square + part) * channels);
    }
  }
  return out;
}

type Squares = Extract<Operation, { op: 'joinSquares' }>;

function joinedShape({ height, width, side }: Squares, x: Shape): Shape {
  const grids = Math.floor(x[0]! / (height * width));
  const squares = Math.floor(height / side) * Math.floor(width / side);
  return [grids * squares, side ** 2 * x[1]!];
}

/** Of each grid, every square of neighbours side by side; what fills no square is left out. */
function joined(x: Tensor, run: Squares, context: Context): Tensor {
  const { height, width, side } = run;
  const channels = x.shape[1]!;
  const out = context.zeros(...joinedShape(run, x.shape));
  const [down, across] = [Math.floor(height / side), Math.floor(width / side)];
  let at = 0;
  for (let grid = 0; at < out.data.length; grid++) {
    for (let square = 0; square < down * across; square++) {
      for (let spot = 0; spot < side ** 2; spot++, at += channels) {
        const row = Math.floor(square / across) * side + Math.floor(spot / side);
        const column = (square % across) * side + (spot % side);
        const from = (grid * height * width + row * width + column) * channels;
        out.data.set(x.data.subarray(from, from + channels), at);
      }
    }
  }
  return out;
}

type Patches = Extract<Operation, { op: 'cutPatches' | 'joinPatches' }>;

/** The map at a size of whole patches: by interpolation, or as it is, and what fills no patch is not looked at. */
function fitted({ size, form }: Patches, map: Tensor, context: Context): Promise<Tensor> {
  if (form === 'maps') return Promise.resolve(map);
  const sides = map.shape.slice(1).map((side) => Math.ceil(side / size) * size) as [number, number];
  return resized(map, sides, 'areas', context);
}

function cutShape({ size, form }: Patches, [channels, ...sides]: Shape): Shape {
  const whole = form === 'sequences' ? Math.ceil : Math.floor;
  const patches = sides.reduce((all, side) => all * whole(side / size), 1);
  return form === 'sequences' ? [size ** 2, patches, channels!] : [channels!, size ** 2, patches];
}

/** Calls `visit` with each element of a map that is in a patch, and where it goes. */
function eachSpot(
  { size, form }: Patches,
  [channels, height, width]: Shape,
  visit: (at: number, place: number) => void,
): void {
  const [down, across] = [Math.floor(height! / size), Math.floor(width! / size)];
  for (let c = 0; c < channels!; c++) {
    for (let y = 0; y < down * size; y++) {
      for (let x = 0; x < across * size; x++) {
        const patch = Math.floor(y / size) * across + Math.floor(x / size);
        const spot = (y % size) * size + (x % size);
        const place =
          form === 'sequences'
            ? (spot * down * across + patch) * channels! + c
            : (c * size ** 2 + spot) * down * across + patch;
        visit((c * height! + y) * width! + x, place);
      }
    }
  }
}
