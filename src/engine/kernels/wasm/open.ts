/** Opens the kernels that this machine runs best. */
import { availableParallelism } from 'node:os';
import type { Kernels } from '../kernels';
import { plainKernels } from '../plain';
import { builds, instantiate, type Build, type KernelExports } from './build';
import { Heap } from './heap';
import { WasmKernels } from './kernels';
import { Pool } from './pool';
import { fastestTimes, isExact } from './trial';

const KEPT_WEIGHTS = 512 * 2 ** 20;

export interface KernelOptions {
  /** Threads that compute, the caller's among them; as many as there are cores where it is left out. */
  readonly threads?: number;
  /** Bytes of seeded weights that are kept between runs. */
  readonly keptWeights?: number;
  /**
   * Whether V8 was asked to join vectors two by two. Tiles of sixteen columns want more registers than x64 has without
   * that; there, and on arm64, it is tried whether they pay.
   */
  readonly wide?: boolean;
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
  wide = false,
  spoil = false,
}: KernelOptions = {}): OpenKernels {
  const heap = sharedHeap(spoil);
  const chosen = heap && fastest(heap, wide);
  if (heap === undefined || chosen === undefined) {
    return { kernels: plainKernels, broken: false, close: async () => {} };
  }
  const { build, exports } = chosen;
  heap.clear = (address, bytes) => exports.zero(address, bytes);
  const pool = new Pool(heap, build.module, exports, threads);
  const name = `WebAssembly, ${build.name}, ${threads} threads`;
  return {
    kernels: new WasmKernels(name, heap, pool, keptWeights),
    get broken() {
      return pool.broken;
    },
    close: () => pool.close(),
  };
}

interface Able {
  readonly build: Build;
  readonly exports: KernelExports;
}

/** Of the builds that this machine runs exactly, the one that a short product runs fastest on. */
function fastest(heap: Heap, wide: boolean): Able | undefined {
  const able: Able[] = [];
  // The first is the fastest but where sixteen columns are tried.
  const rivals = wide || process.arch !== 'x64' ? 2 : 1;
  for (const build of builds()) {
    const exports = exactExports(build, heap);
    if (exports !== undefined) able.push({ build, exports });
    if (able.length === rivals) break;
  }
  if (able.length < 2) return able[0];
  const times = fastestTimes(
    able.map(({ exports }) => exports),
    heap,
  );
  return able[times.indexOf(Math.min(...times))];
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
