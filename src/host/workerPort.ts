/** The narrow way to the worker thread, so that the supervision can be tested with a fake one. */
import { Worker } from 'node:worker_threads';

/** A started worker. After `ended` was called nothing else comes. */
export interface WorkerPort {
  post(message: unknown): void;
  stop(): void;
}

export interface WorkerListener {
  message(message: unknown): void;
  /** The worker is gone: by an exception, by running out of memory, or because it was stopped. */
  ended(reason: string): void;
}

export type StartWorker = (listener: WorkerListener) => WorkerPort;

/** Starts the bundle at `path` in a worker thread. */
export function startWorkerThread(path: string, log: (line: string) => void): StartWorker {
  return (listener) => {
    const worker = new Worker(path, { name: 'headlight', stdout: true, stderr: true });
    let reason: string | undefined;
    worker.on('message', (message: unknown) => listener.message(message));
    // A message that can't be revived leaves its call without an answer: only a new start makes calls whole again.
    worker.on('messageerror', (error) => {
      reason = `message: ${error.message}`;
      void worker.terminate();
    });
    worker.on('error', (error) => {
      reason = describe(error);
    });
    worker.on('exit', (code) => listener.ended(reason ?? `exit code ${code}`));
    for (const stream of [worker.stdout, worker.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => log(text.trimEnd()));
    }
    // The extension host must be able to end while a worker idles.
    worker.unref();
    return {
      post: (message) => worker.postMessage(message),
      stop: () => void worker.terminate(),
    };
  };
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
