/** Opens the kernels that this machine runs best. */
import { availableParallelism } from 'node:os';
import type { Kernels } from '../kernels';
import { plainKernels } from '../plain';
import { builds, instantiate, type Build, type KernelExports } from './build';
import { Heap } from './heap';
import { WasmKernels } from './kernels';
import { Pool } from './pool';
import { isExact } from './trial';

const KEPT_WEIGHTS = 512 * 2 ** 20;

export interface KernelOptions {
  /** Threads that compute, the caller's among them; as many as there are cores where it is left out. */
  readonly threads?: number;
  /** Bytes of seeded weights that are kept between runs. */
  readonly keptWeights?: number;
  /** For tests: memory that is freed becomes NaN. */
  readonly spoil?: boolean;
}

export interface OpenKernels {
  readonly kernels: Kernels;
  /** Whether a thread died, so that nothing can be computed here any more. */
  readonly broken: boolean;
  /** Ends the threads; the memory goes with the last array over it. */
  close(): Promise<void>;
}

/** Kernels with a memory and threads of their own, or plain TypeScript where WebAssembly can't be had. */
export function openKernels({
  threads = availableParallelism(),
  keptWeights = KEPT_WEIGHTS,
  spoil = false,
}: KernelOptions = {}): OpenKernels {
  const heap = sharedHeap(spoil);
  for (const build of heap === undefined ? [] : builds()) {
    const exports = exactExports(build, heap!);
    if (exports === undefined) continue;
    heap!.clear = (address, bytes) => exports.zero(address, bytes);
    const pool = new Pool(heap!, build.module, exports, threads);
    const kernels = new WasmKernels(
      `WebAssembly, ${build.name}, ${threads} threads`,
      heap!,
      pool,
      keptWeights,
    );
    return {
      kernels,
      get broken() {
        return pool.broken;
      },
      close: () => pool.close(),
    };
  }
  return { kernels: plainKernels, broken: false, close: async () => {} };
}

/** Undefined where memory can't be shared. */
function sharedHeap(spoil: boolean): Heap | undefined {
  try {
    return new Heap(spoil);
  } catch {
    return undefined;
  }
}

/** The build's functions, where they compute what they should. */
function exactExports({ module }: Build, heap: Heap): KernelExports | undefined {
  try {
    const exports = instantiate(module, heap.memory);
    return isExact(exports, heap) ? exports : undefined;
  } catch {
    return undefined;
  }
}
