/** The narrow way to the worker, so that the supervision can be tested with a fake one. */
import { fork } from 'node:child_process';
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

/** Starts the bundle at `path` in a process of its own, where V8 may be asked for what holds for a whole process. */
export function startWorkerProcess(path: string, log: (line: string) => void): StartWorker {
  return (listener) => {
    const worker = fork(path, [], {
      // As structured clones, since answers have buffers in them.
      serialization: 'advanced',
      silent: true,
      execArgv: [],
      // The extension host may be of Electron, whose binary is Node only then.
      env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
    });
    let reason: string | undefined;
    let ended = false;
    const end = (what: string): void => {
      if (ended) return;
      ended = true;
      listener.ended(what);
    };
    worker.on('message', (message: unknown) => listener.message(message));
    worker.on('error', (error) => end(describe(error)));
    worker.on('exit', (code, signal) => end(reason ?? `exit code ${code ?? signal}`));
    for (const stream of [worker.stdout, worker.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => log(text.trimEnd()));
    }
    worker.unref();
    worker.channel?.unref();
    return {
      post: (message) => {
        if (worker.connected) worker.send(message as object, (error) => void (reason ??= error?.message));
      },
      stop: () => void worker.kill('SIGKILL'),
    };
  };
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
