/**
 * The engine, asked as its peer is: a JSON line on standard input for each measurement, bundled and run by the Node that
 * is to be measured. Answers {"ms": […]}, the times of the repetitions after one that does not count.
 */
import { createInterface } from 'node:readline';
import { setFlagsFromString } from 'node:v8';
import { createEngine } from '../../src/engine/engine';
import type { Heads, Kernels } from '../../src/engine/kernels/kernels';
import { openKernels } from '../../src/engine/kernels/wasm/open';
import { Pace } from '../../src/engine/pace';
import { SeededTensor } from '../../src/engine/weights/seeded';
import type { EngineApi } from '../../src/protocol/engine';
import type { Asked } from './cases';

const pace = new Pace();

/** With the argument `wide`, as in a process of the engine's own. */
const wide = process.argv[2] === 'wide';
if (wide) setFlagsFromString('--experimental-wasm-revectorize');

async function timed(work: () => Promise<unknown>, repetitions: number): Promise<number[]> {
  await work();
  const times = [];
  for (let i = 0; i < repetitions; i++) {
    const begun = performance.now();
    await work();
    times.push(performance.now() - begun);
  }
  return times;
}

/** Normal numbers in the kernels' memory. */
async function numbers(kernels: Kernels, rows: number, columns: number): Promise<Float32Array> {
  const array = kernels.memory.floats(rows * columns);
  await kernels.seeded(new SeededTensor(1, 'bench', columns, 1), 0, rows, array, 0, pace);
  return array;
}

async function product(kernels: Kernels, m: number, k: number, n: number): Promise<() => Promise<unknown>> {
  const a = { data: await numbers(kernels, m, k), offset: 0, stride: k };
  const matrix = { data: await numbers(kernels, n, k), offset: 0, stride: k };
  const c = { data: kernels.memory.floats(m * n), offset: 0, stride: n };
  return () => kernels.product({ m, n, k, a, b: { type: 'floats', matrix }, c }, pace);
}

async function attention(
  kernels: Kernels,
  heads: number,
  length: number,
  width: number,
  causal: boolean,
): Promise<() => Promise<unknown>> {
  const side = (data: Float32Array): Heads => ({ data, offset: 0, stride: heads * width, step: width });
  const part = async (): Promise<Heads> => side(await numbers(kernels, length, heads * width));
  const visible = Int32Array.from({ length: 2 * length }, (_, i) => (i % 2 ? (i >> 1) + 1 : 0));
  const task = {
    ...{ heads, keyValueHeads: heads, queries: length, keys: length, headDim: width, valueDim: width },
    ...{ scale: width ** -0.5, query: await part(), key: await part() },
    values: { from: await part(), to: await part() },
    maps: kernels.memory.zeros(heads * length * length),
    ...(causal ? { visible } : {}),
  };
  return () => kernels.attend(task, 'bench', pace);
}

/** Engines by number of threads, so that weights stay in use from repetition to repetition. */
const engines = new Map<number, { engine: EngineApi; ended: Map<number, () => void> }>();

async function forward(threads: number, config: object, length: number): Promise<void> {
  const known = engines.get(threads) ?? makeEngine(threads);
  engines.set(threads, known);
  const ids = Array.from({ length }, (_, i) => (i * 7) % 1000);
  const request = { configText: JSON.stringify(config), input: { type: 'ids', ids }, seed: 1 } as const;
  const head = await known.engine.openRun(0, request);
  if (head.maps !== 'kept') throw new Error('the maps are not kept');
  await new Promise<void>((resolve) => known.ended.set(head.run, resolve));
  await known.engine.closeRun(head.run);
}

function makeEngine(threads: number): { engine: EngineApi; ended: Map<number, () => void> } {
  const ended = new Map<number, () => void>();
  const engine = createEngine(
    {
      runChanged: (run, state) => {
        if (state.type === 'running') return;
        if (state.type !== 'done') throw new Error(JSON.stringify(state));
        ended.get(run)?.();
      },
    },
    { threads, wide, memory: 2 ** 31 },
  );
  return { engine, ended };
}

async function answer(asked: Asked): Promise<number[]> {
  if (asked.kind === 'forward') {
    return timed(() => forward(asked.threads, asked.config, asked.length), asked.repetitions);
  }
  const open = openKernels({ threads: asked.threads, wide });
  const { kernels } = open;
  try {
    const work =
      asked.kind === 'product'
        ? await product(kernels, asked.m, asked.k, asked.n)
        : await attention(kernels, asked.heads, asked.length, asked.width, asked.causal);
    return await timed(work, asked.repetitions);
  } finally {
    await open.close();
  }
}

async function main(): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) {
    console.log(JSON.stringify({ ms: await answer(JSON.parse(line) as Asked) }));
  }
  process.exit();
}

void main();
