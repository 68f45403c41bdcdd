/** The worker's interface, without the thread: answers questions, keeps runs. */
import { analyse, sharingGraph } from '../core/service';
import type { EngineApi, EngineEvents } from '../protocol/engine';
import type { RunRequest, RunState } from '../protocol/run';
import { Budget } from './budget';
import { Cancelled, RunFailure, runError } from './failure';
import { SharedKernels } from './kernels/shared';
import { Pace, turn } from './pace';
import type { EngineRun } from './engineRun';
import { pattern } from './pattern';
import type { PyTorch } from './pytorch/pytorch';
import { Run } from './run';
import { proveTies } from './weights/ties';

export interface EngineOptions {
  /** Bytes that all open runs together may keep. */
  readonly memory?: number;
  /** Threads that compute; as many as there are cores where it is left out. */
  readonly threads?: number;
  /** Whether V8 was asked to join vectors, so that kernels with wide tiles are tried. */
  readonly wide?: boolean;
  /** The second engine; a request for it is refused where it is left out. */
  readonly pytorch?: PyTorch;
}

const DEFAULT_MEMORY = 512 * 2 ** 20;

interface OpenRun {
  readonly run: EngineRun;
  /** Ends the computation. */
  readonly controller: AbortController;
  /** Ends the answers to questions as well. */
  readonly closing: AbortController;
  /** The computation and the answers under way: the files are closed after them. */
  readonly busy: Set<Promise<unknown>>;
}

export function createEngine(
  events: EngineEvents,
  { memory = DEFAULT_MEMORY, threads, wide = false, pytorch }: EngineOptions = {},
): EngineApi {
  const tickets = new Map<number, AbortController>();
  const runs = new Map<number, OpenRun>();
  const budget = new Budget(memory);
  const kernels = new SharedKernels({ wide, ...(threads === undefined ? {} : { threads }) });
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
      const run = await openedBy(number, request, signal);
      if (!signal.aborted) return run;
      await run.close();
      throw new Cancelled();
    } catch (error) {
      budget.give(number);
      throw error;
    }
  }

  function openedBy(number: number, request: RunRequest, signal: AbortSignal): Promise<EngineRun> {
    if (request.pytorch === undefined) return Run.open(number, request, budget, kernels, signal);
    if (pytorch === undefined) throw new RunFailure('pytorch', 'there is no second engine here');
    return pytorch.open(number, request, request.pytorch, signal);
  }

  /** Rejects where no such run is open. */
  function openRun(run: number): OpenRun {
    const open = runs.get(run);
    if (open === undefined) throw new RunFailure('engine', `run ${run} is not open`);
    return open;
  }

  function start(ticket: number, open: OpenRun): void {
    const { run, controller } = open;
    const changed = (state: RunState): void => events.runChanged(run.head.run, state);
    void during(
      open,
      run.start(controller.signal, changed).finally(() => tickets.delete(ticket)),
    );
  }

  /** Answers a question of an open run; a run that is closed meanwhile rejects it. */
  async function reading<T>(
    number: number,
    question: (run: EngineRun, pace: Pace) => Promise<T>,
  ): Promise<T> {
    try {
      const open = openRun(number);
      return await during(open, question(open.run, new Pace(open.closing.signal)));
    } catch (error) {
      throw coded(error);
    }
  }

  return {
    configure: ({ memory: bytes }) => {
      budget.total = bytes;
    },

    analyse: (ticket, { text, workload }) => answer(ticket, () => analyse(text, workload)),

    graph: (ticket, { text, workload, folder }) =>
      answer(ticket, async ({ signal }) => {
        const graph = sharingGraph(text, workload);
        if (graph === undefined) throw new RunFailure('config', 'the config does not count');
        return folder === undefined ? graph : proveTies(graph, folder, new Pace(signal));
      }),

    openRun: (ticket, request) =>
      answer(ticket, async (controller) => {
        const open: OpenRun = {
          run: await opened(++lastRun, request, controller.signal),
          controller,
          closing: new AbortController(),
          busy: new Set(),
        };
        runs.set(open.run.head.run, open);
        // After the answer, so that whoever asked knows the run before it changes.
        setImmediate(() => start(ticket, open));
        return open.run.head;
      }),

    pattern: (ticket, request) => answer(ticket, () => pattern(request)),

    thumbnails: (run, layer, size, pooling = 'max') =>
      reading(run, (open, pace) => open.thumbnails(layer, size, pooling, pace)),

    headMap: (run, layer, head, part = {}) =>
      reading(run, (open, pace) => open.headMap(layer, head, part, pace)),

    hiddenState: (run, index) => reading(run, (open) => open.hiddenState(index)),

    output: (run, positions) => reading(run, (open, pace) => open.output(positions, pace)),

    closeRun: async (run) => {
      const open = runs.get(run);
      runs.delete(run);
      budget.give(run);
      if (open === undefined) return;
      open.controller.abort();
      open.closing.abort();
      await Promise.allSettled(open.busy);
      await open.run.close();
    },

    cancel: (ticket) => tickets.get(ticket)?.abort(),
  };
}

async function during<T>({ busy }: OpenRun, work: Promise<T>): Promise<T> {
  busy.add(work);
  try {
    return await work;
  } finally {
    busy.delete(work);
  }
}

/** Every rejection has a code. */
function coded(error: unknown): Error {
  if (error instanceof Cancelled || error instanceof RunFailure) return error;
  const { code, detail } = runError(error);
  return new RunFailure(code, detail);
}
