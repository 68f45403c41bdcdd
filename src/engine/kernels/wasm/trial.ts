/** A trial of a build: a product of small whole numbers, which every order of additions gets exactly. */
import type { KernelExports } from './build';
import type { Heap } from './heap';
import { CHUNKS, DESCRIPTION, KIND, NEXT, PRODUCT } from './job';

/** All paths of the kernel: whole tiles and ragged ones, two blocks of the inner axis. */
const [M, N, K] = [7, 21, 386];

const FLOAT_1 = 0x3f80_0000;

export function isExact(kernels: KernelExports, heap: Heap): boolean {
  const a = heap.floats(M * K);
  const b = heap.floats(N * K);
  const c = heap.floats(M * N);
  const scratch = heap.allocate(kernels.scratchSize());
  try {
    for (let i = 0; i < a.length; i++) a[i] = (i % 17) - 8;
    for (let i = 0; i < b.length; i++) b[i] = (i % 13) - 6;
    const words = new Int32Array(heap.memory.buffer, kernels.control(), 256);
    words[KIND] = PRODUCT;
    words.set([M, N, K, a.byteOffset, K, b.byteOffset, 4 * K, 0, 0, c.byteOffset, N, 0], DESCRIPTION);
    words.set([FLOAT_1, 0, 8, 24, 0, 0], DESCRIPTION + 12);
    words[CHUNKS] = 1;
    words[NEXT] = 0;
    kernels.step(0, scratch);
    return c.every((value, at) => value === expected(a, b, Math.floor(at / N), at % N));
  } finally {
    for (const block of [a, b, c]) heap.free(block);
    heap.release(scratch);
  }
}

function expected(a: Float32Array, b: Float32Array, i: number, j: number): number {
  let sum = 0;
  for (let p = 0; p < K; p++) sum += a[i * K + p]! * b[j * K + p]!;
  return sum;
}
