/** The second engine: one Python process for all of its runs, started with the first and ended when none is open. */
import type { PyTorchEngine, RunRequest } from '../../protocol/run';
import type { EngineRun } from '../engineRun';
import { RunFailure } from '../failure';
import { PythonProcess, type Limits } from './process';
import { PyTorchRun } from './run';

export interface PyTorchOptions {
  /** The helper script. */
  readonly script: string;
  readonly log: (line: string) => void;
  readonly limits?: Partial<Limits>;
  /** Milliseconds without a run after which Python is ended: loading PyTorch again takes seconds. */
  readonly idle?: number;
}

const IDLE = 300_000;

export class PyTorch {
  private python: PythonProcess | undefined;
  private interpreter: string | undefined;
  /** Runs that are open or opening. */
  private users = 0;
  private stopIdle: NodeJS.Timeout | undefined;

  constructor(private readonly options: PyTorchOptions) {}

  async open(
    run: number,
    request: RunRequest,
    engine: PyTorchEngine,
    signal: AbortSignal,
  ): Promise<EngineRun> {
    this.use(1);
    const python = this.started(engine.interpreter);
    try {
      return await PyTorchRun.open(run, request, engine, { python, closed: () => this.use(-1) }, signal);
    } catch (error) {
      if (!python.ended) void python.ask({ do: 'close', run }).catch(() => {});
      this.use(-1);
      throw error;
    }
  }

  get running(): boolean {
    return this.python?.ended === false;
  }

  get pid(): number | undefined {
    return this.python?.pid;
  }

  /** Ends Python with all of its runs. */
  dispose(): void {
    clearTimeout(this.stopIdle);
    this.python?.end(new RunFailure('pytorch', 'Headlight was stopped'));
  }

  private started(interpreter: string): PythonProcess {
    if (this.python !== undefined && !this.python.ended && this.interpreter === interpreter)
      return this.python;
    this.python?.end(new RunFailure('pytorch', 'another Python was chosen'));
    this.interpreter = interpreter;
    this.options.log(`starting ${interpreter}`);
    this.python = new PythonProcess({ ...this.options, interpreter });
    return this.python;
  }

  private use(change: 1 | -1): void {
    this.users += change;
    clearTimeout(this.stopIdle);
    if (this.users > 0) return;
    this.stopIdle = setTimeout(() => {
      this.python?.end(new RunFailure('pytorch', 'Python was stopped, as nothing was asked of it'));
    }, this.options.idle ?? IDLE);
    this.stopIdle.unref();
  }
}
