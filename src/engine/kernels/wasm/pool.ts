/**
 * Threads that share jobs. The engine's own thread opens a job and does chunks of it like the others; between chunks it
 * gives way to messages, while the others go on. It blocks only at a job's end, for as long as one chunk takes.
 */
import { Worker } from 'node:worker_threads';
import { RunFailure } from '../../failure';
import type { Pace } from '../../pace';
import type { Memory, Module } from './api';
import type { KernelExports } from './build';
import type { Heap } from './heap';
import { ACTIVE, CHUNKS, DESCRIPTION, EPOCH, FAULT, KIND, NEXT, Single, STOP, type Job } from './job';

/** A helper: the module over the same memory, serving until it is told to stop. */
const HELPER = `
  const { workerData: { module, memory, thread, scratch } } = require('node:worker_threads');
  new WebAssembly.Instance(module, { env: { memory } }).exports.serve(thread, scratch);
`;

/** The value of NEXT while no job is open: no claim is below it. */
const CLOSED = 0x4000_0000;

/** Milliseconds that a chunk may take at the very most before something is wrong. */
const PATIENCE = 10_000;

export class Pool {
  private readonly words: Int32Array;
  private readonly singles: Float32Array;
  private readonly helpers: Worker[] = [];
  private readonly scratch: number[];
  private last: Promise<unknown> = Promise.resolve();
  private died: string | undefined;
  private closed = false;

  /** @param threads including this one. Rejects as `memory` where there is no room for their scratch. */
  constructor(
    heap: Heap,
    module: Module,
    private readonly kernels: KernelExports,
    readonly threads: number,
  ) {
    this.words = new Int32Array(heap.memory.buffer, kernels.control(), 256);
    this.singles = new Float32Array(heap.memory.buffer, kernels.control(), 256);
    this.words[NEXT] = CLOSED;
    this.scratch = Array.from({ length: threads }, () => heap.allocate(kernels.scratchSize()));
    for (let thread = 1; thread < threads; thread++) this.start(module, heap.memory, thread);
  }

  /**
   * Does a job. Jobs wait for one another. Rejects with `Cancelled` when the pace does, after every thread has left it.
   *
   * @returns the job's fault, −1 where there is none.
   */
  run(job: Job, pace: Pace): Promise<number> {
    const result = this.last.then(() => this.perform(job, pace));
    this.last = result.catch(() => undefined);
    return result;
  }

  /** Ends the threads. */
  async close(): Promise<void> {
    this.closed = true;
    Atomics.store(this.words, STOP, 1);
    Atomics.add(this.words, EPOCH, 1);
    Atomics.notify(this.words, EPOCH);
    await Promise.all(this.helpers.map((helper) => helper.terminate()));
  }

  private start(module: Module, memory: Memory, thread: number): void {
    const workerData = { module, memory, thread, scratch: this.scratch[thread] };
    const helper = new Worker(HELPER, { eval: true, workerData, execArgv: [], stdin: false });
    // Threads that sleep must not keep a process alive.
    helper.unref();
    helper.on('error', (error) => (this.died ??= error.message));
    helper.on('exit', (code) => (this.died ??= `it ended with ${code}`));
    this.helpers.push(helper);
  }

  private async perform(job: Job, pace: Pace): Promise<number> {
    this.check();
    this.open(job);
    try {
      while (this.kernels.step(0, this.scratch[0]!) !== 0) await pace.step();
    } finally {
      // Nobody claims any more, and nobody works any more: the memory is the caller's again.
      Atomics.store(this.words, NEXT, CLOSED);
      await this.left();
    }
    return Atomics.load(this.words, FAULT);
  }

  private open({ kind, chunks, words }: Job): void {
    this.words[KIND] = kind;
    this.words[FAULT] = -1;
    words.forEach((word, i) => {
      if (word instanceof Single) this.singles[DESCRIPTION + i] = word.value;
      else this.words[DESCRIPTION + i] = word;
    });
    this.words[CHUNKS] = chunks;
    Atomics.store(this.words, NEXT, 0);
    if (chunks < 2 || this.helpers.length === 0) return;
    Atomics.add(this.words, EPOCH, 1);
    Atomics.notify(this.words, EPOCH, chunks - 1);
  }

  /** Waits until no helper is in the job. */
  private async left(): Promise<void> {
    const since = performance.now();
    for (;;) {
      const active = Atomics.load(this.words, ACTIVE);
      if (active === 0) return;
      if (Atomics.wait(this.words, ACTIVE, active, 100) !== 'timed-out') continue;
      // The event loop tells of threads that died.
      await new Promise((resolve) => setImmediate(resolve));
      this.check();
      if (performance.now() - since > PATIENCE) this.died = 'it does not answer';
    }
  }

  private check(): void {
    if (this.closed) throw new RunFailure('engine', 'the engine has been stopped');
    if (this.died === undefined) return;
    throw new RunFailure('engine', `a thread of the engine died (${this.died}); run again`);
  }

  /** Whether a thread is gone, so that the pool can't be used any more. */
  get broken(): boolean {
    return this.died !== undefined;
  }
}
