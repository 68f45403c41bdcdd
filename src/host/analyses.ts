/** One analysis for each version of a config, asked once however many features want it. */
import type { Analysis, Figures, Workload } from '../core/analysis';
import { isCancelled } from './engineErrors';
import type { Engine } from './engineClient';
import { Signal } from './event';

/** A document as far as the analysis needs it. */
export interface ConfigText {
  readonly uri: { toString(): string };
  readonly version: number;
  getText(): string;
}

/** What is known of one version of a config. */
export interface Reading {
  readonly version: number;
  readonly analysis: Analysis;
  /** Of this version, or of the last one that could be counted. */
  readonly figures?: Figures;
  /** True: the figures are older than the text. */
  readonly stale: boolean;
}

/** A change of what is known of `uri`: a reading, a failure of the engine, or nothing any more. */
export interface AnalysisChange {
  readonly uri: string;
  readonly reading?: Reading;
  readonly error?: unknown;
}

interface Question {
  readonly version: number;
  readonly workload: string;
  readonly abort: AbortController;
  readonly answer: Promise<Reading | undefined>;
}

interface Entry {
  question?: Question;
  reading?: Reading;
  lastFigures?: Figures;
}

export class Analyses {
  readonly changed: Signal<AnalysisChange>;
  private readonly entries = new Map<string, Entry>();

  constructor(
    private readonly engine: Pick<Engine, 'analyse'>,
    private readonly workload: (document: ConfigText) => Workload,
    log: (line: string) => void,
  ) {
    this.changed = new Signal(log);
  }

  /**
   * The reading of the document as it stands now; undefined where a newer version took its place meanwhile.
   *
   * @throws the engine's error; it is not kept, so that asking again tries again.
   */
  of(document: ConfigText): Promise<Reading | undefined> {
    const uri = document.uri.toString();
    const entry = this.entry(uri);
    const workload = this.workload(document);
    const key = JSON.stringify(workload);
    const open = entry.question;
    if (open !== undefined && open.version === document.version && open.workload === key) return open.answer;
    open?.abort.abort();
    const abort = new AbortController();
    const answer = this.ask(uri, entry, document, workload, abort.signal);
    // Several features may wait for it, or none: without this a lone rejection would count as unhandled.
    answer.catch(() => {});
    entry.question = { version: document.version, workload: key, abort, answer };
    return answer;
  }

  /** The newest reading, without asking. */
  known(uri: string): Reading | undefined {
    return this.entries.get(uri)?.reading;
  }

  /** Leaves out what is known of a closed document. */
  forget(uri: string): void {
    const entry = this.entries.get(uri);
    if (entry === undefined) return;
    this.entries.delete(uri);
    entry.question?.abort.abort();
    this.changed.fire({ uri });
  }

  /** The document is no model's config (any more), but its last figures may be wanted again. */
  withdraw(uri: string): void {
    const entry = this.entries.get(uri);
    if (entry === undefined) return;
    entry.question?.abort.abort();
    delete entry.question;
    delete entry.reading;
    this.changed.fire({ uri });
  }

  private entry(uri: string): Entry {
    const known = this.entries.get(uri);
    if (known !== undefined) return known;
    const entry: Entry = {};
    this.entries.set(uri, entry);
    return entry;
  }

  private async ask(
    uri: string,
    entry: Entry,
    document: ConfigText,
    workload: Workload,
    signal: AbortSignal,
  ): Promise<Reading | undefined> {
    const { version } = document;
    try {
      const analysis = await this.engine.analyse({ text: document.getText(), workload }, signal);
      if (signal.aborted) return undefined;
      const reading = read(version, analysis, entry.lastFigures);
      entry.reading = reading;
      if (analysis.figures !== undefined) entry.lastFigures = analysis.figures;
      this.changed.fire({ uri, reading });
      return reading;
    } catch (error) {
      if (signal.aborted || isCancelled(error)) return undefined;
      // Only answers are kept.
      delete entry.question;
      this.changed.fire({ uri, error });
      throw error;
    }
  }
}

/** Half-typed text and impossible values keep the last figures; a config of another kind does not. */
function read(version: number, analysis: Analysis, last: Figures | undefined): Reading {
  if (analysis.figures !== undefined) return { version, analysis, figures: analysis.figures, stale: false };
  const keeps = analysis.outcome === 'syntax' || analysis.outcome === 'invalid';
  return keeps && last !== undefined
    ? { version, analysis, figures: last, stale: true }
    : { version, analysis, stale: false };
}
