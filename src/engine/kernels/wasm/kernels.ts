/** The kernels in WebAssembly: tasks become jobs of the pool. */
import { RunFailure } from '../../failure';
import type { Pace } from '../../pace';
import type { SeededTensor } from '../../weights/seeded';
import {
  FUNCTIONS,
  type AttendTask,
  type ElementsTask,
  type Kept,
  type Kernels,
  type NormTask,
  type ProductTask,
} from '../kernels';
import { multiply } from '../plain/product';
import { layerNorm, rmsNorm, softmax } from '../plain/rows';
import { headTask, tileTask } from '../parts';
import { attendJobs } from './attend';
import type { Heap } from './heap';
import { ELEMENTS, NORM, Single } from './job';
import type { Pool } from './pool';
import { PRODUCT_FORMATS, productJob } from './product';
import { SeededTables, seededJob } from './seeded';
import { KeptTensors } from './kept';
import { Staging } from './staging';

/** Elements of a chunk of what is done one by one. */
const CHUNK = 1 << 15;

/** Rows of a map that `fill` writes between two looks at the clock. */
const FILLED = 64;

export class WasmKernels implements Kernels {
  readonly formats = PRODUCT_FORMATS;
  readonly layerNorm = layerNorm;
  readonly rmsNorm = rmsNorm;
  readonly softmax = softmax;
  private readonly tables: SeededTables;
  private readonly tensors: KeptTensors;

  constructor(
    readonly name: string,
    readonly memory: Heap,
    private readonly pool: Pool,
    keptWeights: number,
  ) {
    this.tables = new SeededTables(memory);
    this.tensors = new KeptTensors(memory, keptWeights);
  }

  product(task: ProductTask, pace: Pace): Promise<boolean> {
    // Without an inner axis there is nothing to multiply.
    if (task.m === 0 || task.n === 0 || task.k === 0) return multiply(task, pace);
    return this.staged(async (staging) => {
      return (await this.pool.run(productJob(task, staging, this.tables, this.pool.threads), pace)) < 0;
    });
  }

  async attend(task: AttendTask, path: string, pace: Pace): Promise<void> {
    const { tile } = task;
    if (tile !== undefined) {
      const [from, to] = tile.heads;
      for (let head = from; head < to; head++) await this.attend(tileTask(task, tile, head), path, pace);
      tile.filled = true;
    } else if (task.fill === undefined) {
      await this.heads(task, path, pace);
    } else if (task.maps === undefined) {
      for (let head = 0; head < task.heads; head++) await this.filledHead(task, head, path, pace);
    } else {
      for (let head = 0; head < task.heads; head++) await fillMap(task, head, task.maps, head, pace);
      await this.heads(task, path, pace);
    }
  }

  norm(task: NormTask, pace: Pace): Promise<void> {
    const { x, out, width, weight, bias } = task;
    return this.staged(async (staging) => {
      const rows = x.length / width;
      const chunk = Math.max(1, Math.floor(CHUNK / width));
      const vector = (values: Float32Array | undefined): number =>
        values === undefined ? 0 : staging.input(values);
      await this.pool.run(
        {
          kind: NORM,
          chunks: Math.ceil(rows / chunk),
          words: [
            ...[staging.input(x), staging.output(out), width, vector(weight), vector(bias)],
            ...[
              new Single(task.epsilon),
              new Single(task.offset ?? 0),
              task.type === 'rms' ? 1 : 0,
              rows,
              chunk,
            ],
          ],
        },
        pace,
      );
    });
  }

  elements({ what, x, y, by }: ElementsTask, pace: Pace): Promise<void> {
    return this.staged(async (staging) => {
      const other = y === undefined ? 0 : staging.input(y);
      const words = [FUNCTIONS.indexOf(what), staging.output(x), other, x.length, CHUNK, new Single(by ?? 1)];
      await this.pool.run({ kind: ELEMENTS, chunks: Math.ceil(x.length / CHUNK), words }, pace);
    });
  }

  seeded(
    tensor: SeededTensor,
    first: number,
    count: number,
    into: Float32Array,
    at: number,
    pace: Pace,
  ): Promise<void> {
    return this.staged(async (staging) => {
      const out = staging.output(into.subarray(at, at + count * tensor.columns));
      await this.pool.run(seededJob(tensor, first, count, out, staging, this.tables), pace);
    });
  }

  kept(tensor: SeededTensor, rows: number, pace: Pace): Promise<Kept | undefined> {
    return this.tensors.use(tensor, rows, pace, (into) => this.seeded(tensor, 0, rows, into, 0, pace));
  }

  /** Attention of which nothing is to be filled in, or everything is. */
  private heads(task: AttendTask, path: string, pace: Pace): Promise<void> {
    return this.staged(async (staging) => {
      if (task.queries === 0) return;
      const jobs = attendJobs(task, task.fill !== undefined, staging, this.pool.threads);
      let fault = -1;
      for (const job of jobs) fault = await this.pool.run(job, pace);
      if (fault < 0) return;
      const [head, query] = [Math.floor(fault / task.queries), fault % task.queries];
      throw new RunFailure(
        'engine',
        `${path}: the scores of head ${head}, query ${query} are not finite in float32`,
      );
    });
  }

  /** One head whose bias is written into a map that goes with it. */
  private async filledHead(task: AttendTask, head: number, path: string, pace: Pace): Promise<void> {
    const map = this.memory.zeros(task.queries * task.keys);
    try {
      await fillMap(task, head, map, 0, pace);
      await this.heads({ ...headTask(task, head), maps: map }, path, pace);
    } finally {
      this.memory.free(map);
    }
  }

  /** Work with arrays of its own in the memory; what it wrote is handed out when it succeeds. */
  private async staged<T>(work: (staging: Staging) => Promise<T>): Promise<T> {
    const staging = new Staging(this.memory);
    try {
      const result = await work(staging);
      staging.finish();
      return result;
    } finally {
      staging.release();
    }
  }
}

/** What a head's scores begin with, into map number `at`. */
async function fillMap(
  task: AttendTask,
  head: number,
  maps: Float32Array,
  at: number,
  pace: Pace,
): Promise<void> {
  const { queries, keys, fill } = task;
  for (let first = 0; first < queries; first += FILLED) {
    const offset = (at * queries + first) * keys;
    await fill!(head, first, Math.min(FILLED, queries - first), { data: maps, offset, stride: keys });
    await pace.step();
  }
}
