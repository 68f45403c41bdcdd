/** Lets a long computation give way: to a cancellation, and to analyses that are asked meanwhile. */
import { Cancelled } from './failure';

/** Milliseconds of computation after which the event loop gets its turn. */
const SLICE = 8;

export class Pace {
  private since = performance.now();

  constructor(private readonly signal?: AbortSignal) {}

  /** To be called every few milliseconds of work: waits a turn of the event loop when one is due. Rejects with `Cancelled`. */
  async step(): Promise<void> {
    if (performance.now() - this.since >= SLICE) await this.rest();
  }

  /** Gives way now. */
  async rest(): Promise<void> {
    await turn();
    this.since = performance.now();
    if (this.signal?.aborted) throw new Cancelled();
  }
}

/** One turn of the event loop, in which messages come in. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
