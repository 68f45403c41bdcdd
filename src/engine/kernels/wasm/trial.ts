/** Trials of builds: whether they are exact here, and how fast. */
import type { KernelExports } from './build';
import type { Heap } from './heap';
import { CHUNKS, DESCRIPTION, KIND, NEXT, PRODUCT } from './job';

const FLOAT_1 = 0x3f80_0000;

/** Milliseconds in which builds are timed: enough for the runtime to have compiled them well. */
const TRIAL = 60;

/** A product of some of the exact sizes; `step` does it. */
interface Product {
  readonly a: Float32Array;
  readonly b: Float32Array;
  readonly c: Float32Array;
  readonly step: (kernels: KernelExports) => void;
}

/**
 * Whether a build gets a product of small whole numbers right, as every order of additions does. The sizes lead along all
 * paths: whole tiles and ragged ones, two blocks of the inner axis.
 */
export function isExact(kernels: KernelExports, heap: Heap): boolean {
  const [m, n, k] = [7, 21, 386];
  return withProduct(kernels, heap, [m, n, k], ({ a, b, c, step }) => {
    step(kernels);
    return c.every((value, at) => {
      let sum = 0;
      for (let p = 0; p < k; p++) sum += a[Math.floor(at / n) * k + p]! * b[(at % n) * k + p]!;
      return value === sum;
    });
  });
}

/** The shortest time of each build for the same product, tried in turn, in milliseconds. */
export function fastestTimes(builds: readonly KernelExports[], heap: Heap): number[] {
  return withProduct(builds[0]!, heap, [48, 256, 256], ({ step }) => {
    const times = builds.map(() => Infinity);
    const end = performance.now() + TRIAL;
    while (performance.now() < end) {
      builds.forEach((kernels, i) => {
        const begun = performance.now();
        step(kernels);
        times[i] = Math.min(times[i]!, performance.now() - begun);
      });
    }
    return times;
  });
}

function withProduct<T>(
  kernels: KernelExports,
  heap: Heap,
  [m, n, k]: readonly [number, number, number],
  use: (product: Product) => T,
): T {
  const a = heap.floats(m * k);
  const b = heap.floats(n * k);
  const c = heap.floats(m * n);
  const scratch = heap.allocate(kernels.scratchSize());
  try {
    for (let i = 0; i < a.length; i++) a[i] = (i % 17) - 8;
    for (let i = 0; i < b.length; i++) b[i] = (i % 13) - 6;
    const words = new Int32Array(heap.memory.buffer, kernels.control(), 256);
    const step = (own: KernelExports): void => {
      words[KIND] = PRODUCT;
      words.set([m, n, k, a.byteOffset, k, b.byteOffset, 4 * k, 0, 0, c.byteOffset, n, 0], DESCRIPTION);
      words.set([FLOAT_1, 0, m, 8 * Math.ceil(n / 8), 0, 0], DESCRIPTION + 12);
      words[CHUNKS] = 1;
      words[NEXT] = 0;
      own.step(0, scratch);
    };
    return use({ a, b, c, step });
  } finally {
    for (const block of [a, b, c]) heap.free(block);
    heap.release(scratch);
  }
}
