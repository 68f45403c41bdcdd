/** Why the engine can't go on: errors whose code the host words. */
import type { RunError } from '../protocol/run';

/** A run that can't start or go on; `message` names the file, tensor or module. */
export class RunFailure extends Error {
  override readonly name = 'RunFailure';

  constructor(
    readonly code: RunError['code'],
    detail: string,
  ) {
    super(detail);
  }
}

/** The question was withdrawn. */
export class Cancelled extends Error {
  override readonly name = 'Cancelled';
  readonly code = 'cancelled';

  constructor() {
    super('cancelled');
  }
}

/** Any error as a code and a detail. */
export function runError(error: unknown): RunError {
  if (error instanceof RunFailure) return { code: error.code, detail: error.message };
  return { code: 'engine', detail: error instanceof Error ? error.message : String(error) };
}
