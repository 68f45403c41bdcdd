/** The attention panel of one config: runs the model for the view, one run at a time. */
import * as vscode from 'vscode';
import type { HeatmapHost, HeatmapView, HeatmapViewState } from '../../protocol/panels';
import type { Remote } from '../../protocol/rpc';
import type {
  HeadMap,
  LayerThumbnails,
  Pattern,
  RunHead,
  RunInput,
  RunRequest,
  RunState,
} from '../../protocol/run';
import { folderOf } from '../configFiles';
import { EngineError, cancelled, isCancelled } from '../engineErrors';
import type { OpenRun } from '../engineClient';
import { Store } from '../event';
import { wordCallError, wordProblem, wordRunError } from '../wording';
import { ConfigWatch, configText, showPage, type PanelContext } from './shell';
import { panelStrings } from './strings';

const { l10n } = vscode;

interface CurrentRun {
  /** What was asked: the config's text, the input and the seed. */
  readonly request: string;
  readonly text: string;
  readonly run: OpenRun;
  state?: RunState;
}

export class HeatmapPanel implements HeatmapHost {
  private readonly view: Remote<HeatmapView, HeatmapHost>;
  private readonly store = new Store();
  private current: CurrentRun | undefined;
  private opening: AbortController | undefined;
  /** How often a run was asked for, or the panel closed: what began before the last time is wanted no more. */
  private asked = 0;
  /** The last run, where the engine lacks an op for it. */
  private unsupported: RunRequest | undefined;
  /** True until the page has asked for its first run: a page that is shown again may have the run it had. */
  private fresh = true;

  constructor(
    private readonly panel: vscode.WebviewPanel,
    private readonly config: vscode.Uri,
    private state: HeatmapViewState,
    private readonly context: PanelContext,
  ) {
    const ours: HeatmapHost = {
      ready: () => this.ready(),
      run: (input, seed) => this.run(input, seed),
      pattern: () => this.pattern(),
      thumbnails: (run, layer, size) => this.thumbnails(run, layer, size),
      headMap: (run, layer, head) => this.headMap(run, layer, head),
      cancel: (run) => this.cancel(run),
    };
    const watch = this.store.add(new ConfigWatch(config, context));
    watch.changed.on((event) => {
      if (event.type === 'read' && this.current !== undefined && event.text !== this.current.text) {
        void this.view.configChanged();
      }
    });
    this.store.add(
      context.engine.died.on(() => {
        // A run that was being opened is lost as well; the page hears of the restart before it hears of the refusal.
        if (this.current === undefined && this.opening === undefined) return;
        this.current = undefined;
        this.opening = undefined;
        void this.view.engineRestarted(
          l10n.t('The engine ended and was started again. The input is run once more.'),
        );
      }),
    );
    panel.onDidDispose(() => this.dispose());
    this.view = showPage<HeatmapView, HeatmapHost>(panel, context, 'heatmap', ours, [
      'runChanged',
      'engineRestarted',
      'configChanged',
    ]);
  }

  ready(): ReturnType<HeatmapHost['ready']> {
    this.fresh = true;
    return Promise.resolve({ state: this.state, strings: panelStrings(), title: this.panel.title });
  }

  async run(input: RunInput, seed: number): Promise<RunHead> {
    const asked = ++this.asked;
    const fresh = this.fresh;
    this.fresh = false;
    this.state = { ...this.state, input, seed };
    try {
      const configuration = (await configText(this.config)).getText();
      if (asked !== this.asked) throw cancelled();
      const request = JSON.stringify([configuration, input, seed]);
      if (fresh && this.current?.request === request && this.current.state?.type !== 'cancelled') {
        return this.resume(this.current);
      }
      return await this.start(configuration, request, input, seed);
    } catch (error) {
      if (!isCancelled(error)) this.context.log.warn(`run of ${this.config.toString()}: ${String(error)}`);
      throw new Error((await this.configProblems(error)) ?? wordCallError(error), { cause: error });
    }
  }

  /** What is wrong with a config that can't be run, in the words of its diagnostics. */
  private async configProblems(error: unknown): Promise<string | undefined> {
    if ((error as { code?: unknown }).code !== 'config') return undefined;
    const reading = await this.context.analyses.of(await configText(this.config)).catch(() => undefined);
    const worded =
      reading?.analysis.problems.map((problem) => wordProblem(problem, this.context.format)) ?? [];
    return worded.length === 0 ? undefined : worded.join('\n');
  }

  private async start(text: string, request: string, input: RunInput, seed: number): Promise<RunHead> {
    this.close();
    const opening = new AbortController();
    this.opening = opening;
    const folder = folderOf(this.config);
    const { asked } = this;
    const wanted: RunRequest = { configText: text, ...(folder === undefined ? {} : { folder }), input, seed };
    this.unsupported = undefined;
    let run: OpenRun;
    try {
      run = await this.context.engine.openRun(wanted, opening.signal);
    } catch (error) {
      if ((error as { code?: unknown }).code === 'unsupported') this.unsupported = wanted;
      throw error;
    } finally {
      if (this.opening === opening) this.opening = undefined;
    }
    if (asked !== this.asked) {
      run.close();
      throw cancelled();
    }
    const current: CurrentRun = { request, text, run };
    this.current = current;
    run.listen((state) => this.tell(current, state));
    // A run that begins takes the mark of an older text off the page: the head is answered first.
    setTimeout(() => void this.compare(current), 0);
    return run.head;
  }

  /** Marks the picture where the text was changed while its run was being opened. */
  private async compare(current: CurrentRun): Promise<void> {
    // A config that is gone has no newer text.
    const document = await configText(this.config).catch(() => undefined);
    if (document === undefined || current !== this.current) return;
    if (document.getText() !== current.text) void this.view.configChanged();
  }

  /** The page is new, the run is not: the head is answered, then the state, in this order. */
  private resume(current: CurrentRun): RunHead {
    const { state } = current;
    if (state !== undefined) setTimeout(() => this.tell(current, state), 0);
    return current.run.head;
  }

  private tell(current: CurrentRun, state: RunState): void {
    if (current !== this.current) return;
    current.state = state;
    const { run } = current.run.head;
    if (state.type === 'failed') void this.view.runChanged(run, state, wordRunError(state.error));
    else void this.view.runChanged(run, state);
  }

  async pattern(): Promise<Pattern | undefined> {
    const { unsupported } = this;
    if (unsupported === undefined) return undefined;
    // A model whose pass is not known has no pattern either; the refusal of its run says so.
    return this.context.engine.pattern(unsupported, new AbortController().signal).catch(() => undefined);
  }

  async thumbnails(run: number, layer: number, size: number): Promise<LayerThumbnails> {
    return this.ask(run, (open) => open.thumbnails(layer, size));
  }

  async headMap(run: number, layer: number, head: number): Promise<HeadMap> {
    return this.ask(run, (open) => open.headMap(layer, head));
  }

  private async ask<T>(run: number, question: (open: OpenRun) => Promise<T>): Promise<T> {
    const open = this.current?.run;
    try {
      if (open?.head.run !== run) throw new EngineError('restarted', `run ${run} has ended`);
      return await question(open);
    } catch (error) {
      throw new Error(wordCallError(error), { cause: error });
    }
  }

  cancel(run: number): void {
    const { current } = this;
    if (current?.run.head.run !== run) return;
    // Layers that are done stay readable until the page asks for another run.
    current.run.cancel();
  }

  private close(): void {
    this.opening?.abort();
    this.opening = undefined;
    this.current?.run.close();
    this.current = undefined;
  }

  private dispose(): void {
    this.asked++;
    this.close();
    this.store.dispose();
  }
}
