/** The worker's interface, without the thread: answers questions, keeps runs. */
import { analyse, sharingGraph } from '../core/service';
import type { EngineApi, EngineEvents } from '../protocol/engine';
import type { RunRequest, RunState } from '../protocol/run';
import { Budget } from './budget';
import { Cancelled, RunFailure, runError } from './failure';
import { Pace, turn } from './pace';
import type { EngineRun } from './engineRun';
import { Run } from './run';
import { proveTies } from './weights/ties';

export interface EngineOptions {
  /** Bytes of attention maps that all open runs together may hold. */
  readonly memory?: number;
}

const DEFAULT_MEMORY = 512 * 2 ** 20;

interface OpenRun {
  readonly run: EngineRun;
  readonly controller: AbortController;
}

export function createEngine(
  events: EngineEvents,
  { memory = DEFAULT_MEMORY }: EngineOptions = {},
): EngineApi {
  const tickets = new Map<number, AbortController>();
  const runs = new Map<number, OpenRun>();
  const budget = new Budget(memory);
  let lastRun = 0;

  /** Answers under a ticket, unless `cancel` came with the same batch of messages. */
  async function answer<T>(
    ticket: number,
    work: (controller: AbortController) => T | Promise<T>,
  ): Promise<T> {
    const controller = new AbortController();
    tickets.set(ticket, controller);
    try {
      // A question comes in with the messages of one turn; what came just after it is there a turn later.
      await turn();
      await turn();
      if (controller.signal.aborted) throw new Cancelled();
      return await work(controller);
    } catch (error) {
      throw coded(error);
    } finally {
      // The ticket of an open run goes on to name it, so that cancelling it still ends the computation.
      const open = Array.from(runs.values()).some((other) => other.controller === controller);
      if (!open) tickets.delete(ticket);
    }
  }

  /** Opens a run, which holds its memory from then on; one that fails or is cancelled holds none. */
  async function opened(number: number, request: RunRequest, signal: AbortSignal): Promise<EngineRun> {
    try {
      const run = await Run.open(number, request, budget, signal);
      if (!signal.aborted) return run;
      await run.close();
      throw new Cancelled();
    } catch (error) {
      budget.give(number);
      throw error;
    }
  }

  function openRun(run: number): OpenRun {
    const open = runs.get(run);
    if (open === undefined) throw new RunFailure('engine', `run ${run} is not open`);
    return open;
  }

  function start(ticket: number, { run, controller }: OpenRun): void {
    const changed = (state: RunState): void => events.runChanged(run.head.run, state);
    void run.start(controller.signal, changed).finally(() => tickets.delete(ticket));
  }

  return {
    analyse: (ticket, { text, workload }) => answer(ticket, () => analyse(text, workload)),

    graph: (ticket, { text, workload, folder }) =>
      answer(ticket, async ({ signal }) => {
        const graph = sharingGraph(text, workload);
        if (graph === undefined) throw new RunFailure('config', 'the config does not count');
        return folder === undefined ? graph : proveTies(graph, folder, new Pace(signal));
      }),

    openRun: (ticket, request) =>
      answer(ticket, async (controller) => {
        const open = { run: await opened(++lastRun, request, controller.signal), controller };
        runs.set(open.run.head.run, open);
        // After the answer, so that whoever asked knows the run before it changes.
        setImmediate(() => start(ticket, open));
        return open.run.head;
      }),

    thumbnails: async (run, layer, size) => openRun(run).run.thumbnails(layer, size),

    headMap: async (run, layer, head) => openRun(run).run.headMap(layer, head),

    closeRun: async (run) => {
      const open = runs.get(run);
      runs.delete(run);
      budget.give(run);
      open?.controller.abort();
      await open?.run.close();
    },

    cancel: (ticket) => tickets.get(ticket)?.abort(),
  };
}

/** Every rejection has a code. */
function coded(error: unknown): Error {
  if (error instanceof Cancelled || error instanceof RunFailure) return error;
  const { code, detail } = runError(error);
  return new RunFailure(code, detail);
}
