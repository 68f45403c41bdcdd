/** The Python process: started, asked, and ended, whatever it does. Every question settles. */
import { spawn, type ChildProcess } from 'node:child_process';
import * as path from 'node:path';
import { Cancelled, RunFailure } from '../failure';
import { decodeFrame, encodeFrame, FrameReader, type Frame, type FrameTensor } from './frames';

export interface ProcessOptions {
  /** Path of a Python, or its name on PATH. */
  readonly interpreter: string;
  readonly script: string;
  /** What Python prints, line by line. */
  readonly log: (line: string) => void;
  readonly limits?: Partial<Limits>;
}

/** In milliseconds. */
export interface Limits {
  /** From the start until PyTorch is loaded; from a cold disk that takes most of a minute. */
  readonly start: number;
  /** For an answer about a map that is there. */
  readonly answer: number;
  /** Between the wish that a run ends and the end of the process that does not comply. */
  readonly grace: number;
}

const LIMITS: Limits = { start: 180_000, answer: 60_000, grace: 3_000 };

/** What Python is, as it says itself. */
export interface Versions {
  readonly python: string;
  readonly torch: string;
  readonly transformers: string;
}

/** A message to Python. */
interface Asked {
  readonly do: string;
  readonly run: number;
  readonly [key: string]: unknown;
}

interface Question {
  readonly run: number;
  readonly settle: (answer: Frame | Error) => void;
}

/** Lines of its standard error that tell why it ended. */
const LAST_LINES = 12;

export class PythonProcess {
  /** Rejects with a `RunFailure` of code `pytorch` that says what is wrong with the interpreter. */
  readonly ready: Promise<Versions>;
  /** Called with the number of a run's layers that are done. */
  readonly layers = new Map<number, (done: number) => void>();

  private readonly child: ChildProcess;
  private readonly limits: Limits;
  private readonly questions = new Map<number, Question>();
  private readonly printed: string[] = [];
  private lastQuestion = 0;
  private failure: RunFailure | undefined;
  private resolveReady!: (versions: Versions) => void;
  private rejectReady!: (failure: RunFailure) => void;

  constructor(private readonly options: ProcessOptions) {
    this.limits = { ...LIMITS, ...options.limits };
    this.ready = new Promise(
      (resolve, reject) => ([this.resolveReady, this.rejectReady] = [resolve, reject]),
    );
    this.ready.catch(() => {});
    this.child = spawn(options.interpreter, [options.script], {
      // Not the workspace: what lies there must not be imported.
      cwd: path.dirname(options.script),
      env: environment(),
      windowsHide: true,
    });
    const late = setTimeout(() => {
      this.end(
        new RunFailure(
          'pytorch',
          `${options.interpreter} did not load PyTorch within ${this.limits.start / 1000} s`,
        ),
      );
    }, this.limits.start);
    void this.ready.finally(() => clearTimeout(late)).catch(() => {});
    this.listen();
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  get ended(): boolean {
    return this.failure !== undefined;
  }

  /**
   * Asks, and gives the answer's frame. Rejects with the failure that Python tells, or with that of its end.
   *
   * @param limit milliseconds after which the process counts as hung.
   */
  async ask(
    message: Asked,
    tensors: ReadonlyMap<string, FrameTensor> = new Map(),
    limit?: number,
  ): Promise<Frame> {
    await this.ready;
    if (this.failure !== undefined) throw this.failure;
    const id = ++this.lastQuestion;
    const hung = limit === undefined ? undefined : setTimeout(() => this.hang(message.do, limit), limit);
    try {
      return await new Promise((resolve, reject) => {
        const settle = (answer: Frame | Error): void =>
          answer instanceof Error ? reject(answer) : resolve(answer);
        this.questions.set(id, { run: message.run, settle });
        for (const part of encodeFrame({ message: { ...message, id }, tensors }))
          this.child.stdin!.write(part);
      });
    } finally {
      clearTimeout(hung);
      this.questions.delete(id);
    }
  }

  /** A question about what is computed, which takes no time to speak of. */
  askSoon(message: Asked): Promise<Frame> {
    return this.ask(message, new Map(), this.limits.answer);
  }

  /** Ends a run's computation; a process that does not let go of it within the grace is killed. */
  async cancel(run: number): Promise<void> {
    const open = (): boolean => [...this.questions.values()].some((question) => question.run === run);
    if (this.failure !== undefined || !open()) return;
    void this.ask({ do: 'cancel', run }).catch(() => {});
    const until = Date.now() + this.limits.grace;
    while (open() && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 20));
    if (open()) this.end(new RunFailure('pytorch', 'Python was stopped, since a cancelled run did not end'));
  }

  /** Ends the process; what is asked rejects with `failure`. */
  end(failure: RunFailure): void {
    if (this.failure !== undefined) return;
    this.failure = failure;
    this.rejectReady(failure);
    for (const { settle } of [...this.questions.values()]) settle(failure);
    this.child.stdin?.destroy();
    this.child.kill('SIGKILL');
  }

  private listen(): void {
    const { child } = this;
    const reader = new FrameReader();
    // Frames are decoded one after the other, so that they are heard in their order.
    let turn: Promise<void> = Promise.resolve();
    child.stdout!.on('data', (chunk: Buffer) => {
      try {
        for (const payload of reader.push(chunk)) {
          turn = turn
            .then(async () => this.hear(await decodeFrame(payload)))
            .catch((error) => this.fail(error));
        }
      } catch (error) {
        this.fail(error);
      }
    });
    let line = '';
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      const lines = (line + text).split(/[\r\n]+/);
      line = lines.pop()!.slice(-2000);
      for (const whole of lines) if (whole.trim() !== '') this.print(whole);
    });
    // A process that is gone takes nothing more; its end is told by `close`.
    child.stdin!.on('error', () => {});
    child.on('error', (error: NodeJS.ErrnoException) => {
      this.end(
        new RunFailure(
          'pytorch',
          `${this.options.interpreter} can't be started (${error.code ?? error.message})`,
        ),
      );
    });
    // After the last of its output.
    child.on('close', (code, signal) => {
      if (line.trim() !== '') this.print(line);
      void turn.then(() => this.end(this.deathOf(code, signal)));
    });
  }

  private print(line: string): void {
    this.options.log(line);
    this.printed.push(line);
    if (this.printed.length > LAST_LINES) this.printed.shift();
  }

  private hear({ message, tensors }: Frame): void {
    if (message.event === 'ready') this.resolveReady(message as unknown as Versions);
    else if (message.event === 'refused') this.end(new RunFailure('pytorch', String(message.detail)));
    else if (message.event === 'layers') this.layers.get(Number(message.run))?.(Number(message.done));
    else {
      const question = this.questions.get(Number(message.id));
      if (message.error === undefined) question?.settle({ message: message.ok as Frame['message'], tensors });
      else question?.settle(failureIn(message.error));
    }
  }

  private fail(error: unknown): void {
    this.end(error instanceof RunFailure ? error : new RunFailure('pytorch', String(error)));
  }

  private hang(what: string, limit: number): void {
    this.end(
      new RunFailure('pytorch', `Python did not answer "${what}" within ${limit / 1000} s, and was stopped`),
    );
  }

  private deathOf(code: number | null, signal: NodeJS.Signals | null): RunFailure {
    if (signal === 'SIGKILL') {
      return new RunFailure('memory', 'Python was killed, as a system does that runs out of memory');
    }
    const how = signal ?? `exit code ${code}`;
    const last = this.printed.at(-1);
    return new RunFailure(
      'pytorch',
      last === undefined ? `Python ended (${how})` : `Python ended (${how}): ${last}`,
    );
  }
}

/** Python's own words; a code that the protocol does not have is Python's fault. */
function failureIn(error: unknown): Error {
  const { code, detail } = error as { code?: unknown; detail?: unknown };
  if (code === 'cancelled') return new Cancelled();
  const known = CODES.find((each) => each === code) ?? 'pytorch';
  return new RunFailure(known, String(detail));
}

const CODES = [
  'config',
  'unsupported',
  'weights',
  'tokenizer',
  'tooLong',
  'memory',
  'engine',
  'pytorch',
] as const;

/** The user's own, without what makes a Python of VS Code's; nothing is downloaded and nothing is reported. */
function environment(): NodeJS.ProcessEnv {
  const { ELECTRON_RUN_AS_NODE: _, PYTHONHOME: __, ...own } = process.env;
  return {
    ...own,
    HF_HUB_OFFLINE: '1',
    HF_HUB_DISABLE_TELEMETRY: '1',
    RAY_USAGE_STATS_ENABLED: '0',
    TRANSFORMERS_VERBOSITY: 'error',
    PYTHONUTF8: '1',
    PYTHONUNBUFFERED: '1',
    PYTHONDONTWRITEBYTECODE: '1',
  };
}
