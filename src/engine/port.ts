/** The way to the host: from a worker thread, or from a process of the engine's own. */
import { setFlagsFromString } from 'node:v8';
import { parentPort, type Transferable } from 'node:worker_threads';

export interface HostPort {
  /** @param buffers handed over where the way allows it, copied otherwise. */
  post(message: unknown, buffers: Transferable[]): void;
  listen(receive: (message: unknown) => void): void;
  /** Whether V8 was asked to join vectors two by two. */
  readonly wide: boolean;
}

/** V8's experiment; a V8 that does not have it says so in the log, and goes on without. */
const JOINED = '--experimental-wasm-revectorize';

export function hostPort(): HostPort {
  if (parentPort !== null) {
    const port = parentPort;
    return {
      wide: false,
      post: (message, buffers) => port.postMessage(message, buffers),
      listen: (receive) => port.on('message', receive),
    };
  }
  if (process.send === undefined)
    throw new Error('the engine runs in a worker thread, or in a process that was forked');
  // The flag holds for a whole process: so there is one of the engine's own.
  setFlagsFromString(JOINED);
  // It ends with whoever started it.
  process.on('disconnect', () => process.exit());
  return {
    wide: true,
    post: (message) => process.send!(message),
    listen: (receive) => process.on('message', receive),
  };
}
