/** A worker without a thread: the same RPC over a channel that delivers in a later turn, and dies when told to. */
import type { EngineApi, EngineEvents } from '../../../src/protocol/engine';
import { connect, type Remote } from '../../../src/protocol/rpc';
import type { Clock } from '../../../src/host/supervision';
import type { StartWorker } from '../../../src/host/workerPort';

/** A promise that the test settles. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: Error): void;
}

export function deferred<T>(): Deferred<T> {
  let resolve!: Deferred<T>['resolve'];
  let reject!: Deferred<T>['reject'];
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

export interface FakeWorker {
  readonly events: Remote<EngineEvents, EngineApi>;
  readonly calls: string[];
  readonly stopped: boolean;
  /** Ends as a crash does. */
  die(reason?: string): void;
}

/** Starts fake workers whose functions are `api`; `workers` holds those that were started. */
export function fakeWorkers(api: Partial<EngineApi>): { start: StartWorker; workers: FakeWorker[] } {
  const workers: FakeWorker[] = [];
  const start: StartWorker = (listener) => {
    let alive = true;
    let receive: (message: unknown) => void = () => {};
    const calls: string[] = [];
    const logged = new Proxy(api, {
      get: (target, name: keyof EngineApi) => {
        const known = target[name] as ((...args: unknown[]) => unknown) | undefined;
        return (...args: unknown[]) => {
          calls.push(name);
          return known?.(...args);
        };
      },
    });
    const deliver = (to: () => void): void => void setImmediate(() => alive && to());
    const events = connect<EngineEvents, EngineApi>(
      logged as EngineApi,
      {
        post: (message) => deliver(() => listener.message(structuredClone(message))),
        listen: (handler) => void (receive = handler),
      },
      ['runChanged'],
    );
    const worker = {
      events,
      calls,
      stopped: false,
      die: (reason = 'killed') => {
        alive = false;
        setImmediate(() => listener.ended(reason));
      },
    };
    workers.push(worker);
    return {
      post: (message) => deliver(() => receive(structuredClone(message))),
      stop: () => {
        alive = false;
        worker.stopped = true;
      },
    };
  };
  return { start, workers };
}

/** Time that passes when the test says so. */
export class FakeClock implements Clock {
  private time = 0;
  private timers: { at: number; run: () => void }[] = [];

  now(): number {
    return this.time;
  }

  after(delay: number, run: () => void): () => void {
    const timer = { at: this.time + delay, run };
    this.timers.push(timer);
    return () => void (this.timers = this.timers.filter((other) => other !== timer));
  }

  pass(milliseconds: number): void {
    this.time += milliseconds;
    const due = this.timers.filter(({ at }) => at <= this.time);
    this.timers = this.timers.filter(({ at }) => at > this.time);
    for (const { run } of due) run();
  }
}

/** Lets every message that is under way arrive, and every answer to it. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
}
