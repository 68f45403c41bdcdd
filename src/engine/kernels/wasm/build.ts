/** Which of the kernels' builds this machine runs: detected, and tried on a product whose result is known exactly. */
import { brotliDecompressSync } from 'node:zlib';
import { webAssembly, type Memory, type Module } from './api';
import { fused, plain, wide } from './binaries';

export interface KernelExports {
  /** Address of the control block, and bytes of scratch that a thread needs. */
  control(): number;
  scratchSize(): number;
  /** Does one chunk of the open job; 0 where none is left. */
  step(thread: number, scratch: number): number;
  serve(thread: number, scratch: number): void;
  zero(address: number, bytes: number): void;
}

export interface Build {
  /** For reports. */
  readonly name: string;
  readonly module: Module;
}

/** The builds that this machine can run, the likely fastest first. */
export function* builds(): Generator<Build> {
  yield* build('SIMD, fused multiply–add', fused);
  yield* build('SIMD, fused multiply–add, 16 columns', wide);
  yield* build('SIMD', plain);
}

/** Nothing where this runtime refuses the module: relaxed SIMD is not everywhere. */
function* build(name: string, base64: string): Generator<Build> {
  const bytes = brotliDecompressSync(Buffer.from(base64, 'base64'));
  if (webAssembly.validate(bytes)) yield { name, module: new webAssembly.Module(bytes) };
}

export function instantiate(module: Module, memory: Memory): KernelExports {
  return new webAssembly.Instance(module, { env: { memory } }).exports as unknown as KernelExports;
}
