/** An engine in this thread, and waiting for what it tells. */
import assert from 'node:assert/strict';
import { createEngine, type EngineOptions } from '../../../src/engine/engine';
import type { EngineApi } from '../../../src/protocol/engine';
import type { RunInput, RunRequest, RunState } from '../../../src/protocol/run';

/** Collects states by run; works with an engine here or in a worker. */
export class States {
  private readonly states = new Map<number, RunState[]>();
  private readonly waiting = new Set<() => void>();

  readonly runChanged = (run: number, state: RunState): void => {
    this.states.set(run, [...this.of(run), state]);
    for (const wake of [...this.waiting]) wake();
  };

  of(run: number): RunState[] {
    return this.states.get(run) ?? [];
  }

  /** The first state of a run for which `test` holds. */
  async until(run: number, test: (state: RunState) => boolean): Promise<RunState> {
    for (;;) {
      const found = this.of(run).find(test);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.waiting.delete(wake);
          resolve();
        };
        this.waiting.add(wake);
      });
    }
  }

  ended(run: number): Promise<RunState> {
    return this.until(run, ({ type }) => type !== 'running');
  }
}

const opened: { readonly engine: EngineApi; readonly run: number }[] = [];

/** An engine in this thread; its runs are closed after the test, so that their files are. */
export function localEngine(options: EngineOptions = {}): { engine: EngineApi; states: States } {
  const states = new States();
  const engine = createEngine({ runChanged: states.runChanged }, options);
  const openRun: EngineApi['openRun'] = async (ticket, wanted) => {
    const head = await engine.openRun(ticket, wanted);
    opened.push({ engine, run: head.run });
    return head;
  };
  return { engine: { ...engine, openRun }, states };
}

afterEach(async () => {
  for (const { engine, run } of opened.splice(0)) await engine.closeRun(run);
});

export function request(configText: string, input: RunInput | string, folder?: string): RunRequest {
  return {
    configText,
    input: typeof input === 'string' ? { type: 'text', text: input } : input,
    seed: 1,
    ...(folder === undefined ? {} : { folder }),
  };
}

/** An input of so many ids below 67. */
export const ids = (count: number) =>
  ({ type: 'ids', ids: Array.from({ length: count }, (_, i) => (i * 7) % 67) }) as const;

/** The call must be refused with this code, and say what. */
export async function refuses(promise: Promise<unknown>, code: string, message: RegExp): Promise<void> {
  await assert.rejects(promise, (error: Error & { code?: string }) => {
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    return true;
  });
}
