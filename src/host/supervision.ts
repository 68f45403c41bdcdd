/** How often a worker may be started again. */

export interface Clock {
  now(): number;
  /** Calls `run` once after `delay` milliseconds; the result cancels it. */
  after(delay: number, run: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after: (delay, run) => {
    const timer = setTimeout(run, delay);
    // A waiting timer must not keep the process alive.
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/**
 * Gives up at the `limit`th death within `window` milliseconds, until enough of them are longer ago than that, or until
 * `reset`.
 */
export class RespawnLimit {
  private deaths: number[] = [];

  constructor(
    private readonly clock: Clock,
    readonly limit: number,
    readonly window: number,
  ) {}

  recordDeath(): void {
    this.deaths.push(this.clock.now());
  }

  /** Whether the worker died too often to be started now. */
  get exceeded(): boolean {
    const since = this.clock.now() - this.window;
    this.deaths = this.deaths.filter((time) => time > since);
    return this.deaths.length >= this.limit;
  }

  reset(): void {
    this.deaths = [];
  }
}
