/**
 * The host's side of the worker: starts it with the first question, asks again what can be asked again when it dies,
 * and stops it when nothing is open for a while. Every call settles, whatever becomes of the worker.
 */
import type { Analysis } from '../core/analysis';
import type { SharingGraph } from '../core/sharing/graph';
import type {
  AnalyseRequest,
  EngineApi,
  EngineEvents,
  EngineSettings,
  GraphRequest,
} from '../protocol/engine';
import { connect, type Remote } from '../protocol/rpc';
import type {
  HeadMap,
  LayerThumbnails,
  MapPart,
  Pattern,
  RunHead,
  RunRequest,
  RunState,
  RunValues,
} from '../protocol/run';
import { EngineError, cancelled } from './engineErrors';
import { Signal } from './event';
import { RespawnLimit, systemClock, type Clock } from './supervision';
import type { StartWorker, WorkerPort } from './workerPort';

/** What the features and panels ask of the engine. */
export interface Engine {
  analyse(request: AnalyseRequest, signal: AbortSignal): Promise<Analysis>;
  graph(request: GraphRequest, signal: AbortSignal): Promise<SharingGraph>;
  openRun(request: RunRequest, signal: AbortSignal): Promise<OpenRun>;
  pattern(request: RunRequest, signal: AbortSignal): Promise<Pattern>;
}

/** A run in the worker; it ends with the worker, and then its calls reject with `EngineError` 'restarted'. */
export interface OpenRun {
  readonly head: RunHead;
  thumbnails(layer: number, size: number): Promise<LayerThumbnails>;
  headMap(layer: number, head: number, part?: MapPart): Promise<HeadMap>;
  /** Of a run with its output. */
  hiddenState(index: number): Promise<RunValues>;
  output(positions: readonly [number, number]): Promise<RunValues>;
  /** Stops it where it is still going; what is done can still be asked for. */
  cancel(): void;
  /** Tells the state now, where there is one, and every later one. A second listener replaces the first. */
  listen(listener: (state: RunState) => void): void;
  close(): void;
}

export type EngineState = 'stopped' | 'running' | 'failed';

export interface EngineOptions {
  readonly start: StartWorker;
  readonly log: (line: string) => void;
  /** Milliseconds without open runs or calls after which the worker is stopped; 0 never stops it. */
  readonly idle: () => number;
  /** What runs may take, asked with every run. */
  readonly settings: () => EngineSettings;
  readonly clock?: Clock;
  readonly respawns?: { readonly limit: number; readonly window: number };
}

/** A question that is sent again after a death gives up when it was in the worker at this many deaths. */
const DEATHS_OF_ONE_QUESTION = 2;

interface Connection {
  readonly port: WorkerPort;
  readonly rpc: Remote<EngineApi, EngineEvents>;
  /** Runs of this worker by its own number; the state is kept for who listens later. */
  readonly runs: Map<number, RunEntry>;
  /** True: it died by itself, not by the command. */
  crashed: boolean;
}

interface RunEntry {
  /** False for a run that was only heard of: a state may come before the answer to `openRun`, or after the end. */
  open: boolean;
  state?: RunState;
  listener?: (state: RunState) => void;
}

export class EngineClient implements Engine {
  /** The worker died (not: was stopped as idle); says how many runs went with it. */
  readonly died: Signal<{ readonly runs: number; readonly reason: string }>;
  readonly stateChanged: Signal<EngineState>;

  private connection: Connection | undefined;
  private readonly limit: RespawnLimit;
  private readonly clock: Clock;
  private tickets = 0;
  private runNumbers = 0;
  private calls = 0;
  private stopIdleTimer: (() => void) | undefined;
  private lastState: EngineState = 'stopped';
  private disposed = false;

  constructor(private readonly options: EngineOptions) {
    this.died = new Signal(options.log);
    this.stateChanged = new Signal(options.log);
    this.clock = options.clock ?? systemClock;
    const { limit, window } = options.respawns ?? { limit: 5, window: 60_000 };
    this.limit = new RespawnLimit(this.clock, limit, window);
  }

  get state(): EngineState {
    return this.lastState;
  }

  analyse(request: AnalyseRequest, signal: AbortSignal): Promise<Analysis> {
    return this.askAgain((rpc, ticket) => rpc.analyse(ticket, request), signal);
  }

  graph(request: GraphRequest, signal: AbortSignal): Promise<SharingGraph> {
    return this.askAgain((rpc, ticket) => rpc.graph(ticket, request), signal);
  }

  pattern(request: RunRequest, signal: AbortSignal): Promise<Pattern> {
    return this.askAgain((rpc, ticket) => rpc.pattern(ticket, request), signal);
  }

  async openRun(request: RunRequest, signal: AbortSignal): Promise<OpenRun> {
    const connection = this.connected();
    void connection.rpc.configure(this.options.settings());
    let opener = 0;
    const head = await this.call(
      connection,
      (rpc, ticket) =>
        rpc.openRun((opener = ticket), request).then((opened) => {
          // Whoever asked may be gone by now; the worker must not keep the run for nobody.
          if (signal.aborted) void this.closeRun(connection, opened.run);
          else connection.runs.set(opened.run, { ...connection.runs.get(opened.run), open: true });
          return opened;
        }),
      signal,
    );
    return this.openedRun(connection, head, opener);
  }

  /** Stops the worker as if it had died, forgets earlier deaths, and lets the next question start a new one. */
  restart(): void {
    this.limit.reset();
    if (this.connection === undefined) this.changeState('stopped');
    else this.lose(this.connection, 'restarted by command', false);
  }

  dispose(): void {
    this.disposed = true;
    const connection = this.connection;
    if (connection !== undefined) this.close(connection, new EngineError('stopped', 'disposed'));
  }

  private openedRun(connection: Connection, head: RunHead, ticket: number): OpenRun {
    const own = head.run;
    // A new worker numbers its runs from the start again: the number that panels see is the client's.
    const run = ++this.runNumbers;
    const ask = async <T extends object>(question: (rpc: Connection['rpc']) => Promise<T>): Promise<T> => {
      if (connection !== this.connection) throw new EngineError('restarted', 'the run ended with its worker');
      return { ...(await this.call(connection, question)), run };
    };
    return {
      head: { ...head, run },
      thumbnails: (layer, size) => ask((rpc) => rpc.thumbnails(own, layer, size)),
      headMap: (layer, index, part) => ask((rpc) => rpc.headMap(own, layer, index, part)),
      hiddenState: (index) => ask((rpc) => rpc.hiddenState(own, index)),
      output: (positions) => ask((rpc) => rpc.output(own, positions)),
      cancel: () => {
        if (connection === this.connection) void connection.rpc.cancel(ticket);
      },
      listen: (listener) => {
        const entry = connection.runs.get(own);
        if (entry === undefined) return;
        entry.listener = listener;
        if (entry.state !== undefined) listener(entry.state);
      },
      close: () => void this.closeRun(connection, own),
    };
  }

  private async closeRun(connection: Connection, run: number): Promise<void> {
    connection.runs.delete(run);
    if (connection !== this.connection) return;
    try {
      await this.call(connection, (rpc) => rpc.closeRun(run));
    } catch (error) {
      this.options.log(`closing run ${run}: ${String(error)}`);
    }
  }

  /** Asks a question that has no effect in the worker: the next worker gets it again. */
  private async askAgain<T>(
    question: (rpc: Connection['rpc'], ticket: number) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    for (let deaths = 0; ;) {
      const connection = this.connected();
      try {
        return await this.call(connection, question, signal);
      } catch (error) {
        if (!(error instanceof EngineError && error.code === 'restarted')) throw error;
        // Whoever restarts it by the command says nothing of the question.
        if (connection.crashed && ++deaths >= DEATHS_OF_ONE_QUESTION)
          throw new EngineError('poison', error.message);
      }
    }
  }

  /** One call over one connection; rejects at once when `signal` aborts, and tells the worker. */
  private async call<T>(
    connection: Connection,
    question: (rpc: Connection['rpc'], ticket: number) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    if (signal?.aborted) throw cancelled();
    const ticket = ++this.tickets;
    this.calls++;
    this.watchIdle();
    let abort: (() => void) | undefined;
    try {
      const answer = question(connection.rpc, ticket);
      if (signal === undefined) return await answer;
      const aborted = new Promise<never>((_, reject) => {
        abort = () => {
          if (connection === this.connection) void connection.rpc.cancel(ticket);
          reject(cancelled());
        };
        signal.addEventListener('abort', abort, { once: true });
      });
      // The loser of the race may still reject; nobody else would hear it.
      answer.catch(() => {});
      return await Promise.race([answer, aborted]);
    } finally {
      if (abort !== undefined) signal?.removeEventListener('abort', abort);
      this.calls--;
      this.watchIdle();
    }
  }

  private connected(): Connection {
    if (this.disposed) throw new EngineError('stopped', 'disposed');
    if (this.connection !== undefined) return this.connection;
    if (this.limit.exceeded) {
      this.changeState('failed');
      throw new EngineError('gaveUp', `${this.limit.limit} ends within ${this.limit.window / 1000} s`);
    }
    return this.connect();
  }

  private connect(): Connection {
    const runs: Connection['runs'] = new Map();
    let receive: (message: unknown) => void = () => {};
    const port = this.options.start({
      message: (message) => receive(message),
      ended: (reason) => {
        if (connection === this.connection) this.lose(connection, reason, true);
      },
    });
    const events: EngineEvents = {
      runChanged: (run, state) => {
        const entry = runs.get(run) ?? { open: false };
        runs.set(run, entry);
        entry.state = state;
        entry.listener?.(state);
      },
    };
    const channel = {
      post: (message: unknown) => port.post(message),
      listen: (listener: typeof receive) => void (receive = listener),
    };
    const connection: Connection = {
      port,
      runs,
      crashed: false,
      rpc: connect<EngineApi, EngineEvents>(events, channel, ['cancel', 'configure']),
    };
    this.connection = connection;
    this.options.log('engine started');
    this.changeState('running');
    return connection;
  }

  /** What follows the end of a worker that was still wanted. */
  private lose(connection: Connection, reason: string, crashed: boolean): void {
    connection.crashed = crashed;
    if (crashed) this.limit.recordDeath();
    const runs = openRuns(connection);
    this.options.log(`engine ended: ${reason}`);
    this.close(connection, new EngineError('restarted', reason));
    this.changeState(this.limit.exceeded ? 'failed' : 'stopped');
    this.died.fire({ runs, reason });
  }

  private close(connection: Connection, error: EngineError): void {
    this.connection = undefined;
    this.stopIdleTimer?.();
    this.stopIdleTimer = undefined;
    connection.rpc.$close(error);
    connection.port.stop();
  }

  private watchIdle(): void {
    this.stopIdleTimer?.();
    this.stopIdleTimer = undefined;
    const connection = this.connection;
    const delay = this.options.idle();
    if (connection === undefined || delay === 0 || this.calls > 0 || openRuns(connection) > 0) return;
    this.stopIdleTimer = this.clock.after(delay, () => {
      if (connection !== this.connection) return;
      this.options.log('engine stopped: idle');
      this.close(connection, new EngineError('stopped', 'idle'));
      this.changeState('stopped');
    });
  }

  private changeState(state: EngineState): void {
    if (state === this.lastState) return;
    this.lastState = state;
    this.stateChanged.fire(state);
  }
}

function openRuns(connection: Connection): number {
  return [...connection.runs.values()].filter((run) => run.open).length;
}
