/** Why the engine gave no answer; an error of the question itself comes as `RemoteError` instead. */

export type EngineErrorCode =
  /** The worker ended while the call was open. */
  | 'restarted'
  /** The same question was open at several ends of a worker. */
  | 'poison'
  /** The worker ended too often in a short time. */
  | 'gaveUp'
  /** Stopped on purpose. */
  | 'stopped'
  /** Nobody wants the answer any more. */
  | 'cancelled';

export class EngineError extends Error {
  override readonly name = 'EngineError';

  constructor(
    readonly code: EngineErrorCode,
    message: string,
  ) {
    super(message);
  }
}

export function cancelled(): EngineError {
  return new EngineError('cancelled', 'cancelled');
}

export function isCancelled(error: unknown): boolean {
  return error instanceof EngineError && error.code === 'cancelled';
}
