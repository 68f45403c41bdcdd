/** The sharing panel of one config. */
import * as vscode from 'vscode';
import type { SharingGraph } from '../../core/sharing/graph';
import type { GraphRequest } from '../../protocol/engine';
import type { GraphHost, GraphView, GraphViewState } from '../../protocol/panels';
import type { Remote } from '../../protocol/rpc';
import type { Reading } from '../analyses';
import { folderOf } from '../configFiles';
import { cancelled, isCancelled } from '../engineErrors';
import { Store } from '../event';
import { identityKey, toRange } from '../features/lines';
import { workload } from '../settings';
import { wordCallError, wordProblem } from '../wording';
import { ConfigWatch, configText, showPage, type ConfigEvent, type PanelContext } from './shell';
import { panelStrings } from './strings';

const { l10n } = vscode;

export class GraphPanel implements GraphHost {
  private readonly view: Remote<GraphView, GraphHost>;
  private readonly store = new Store();
  private asking: AbortController | undefined;
  private shown: SharingGraph | undefined;
  /** Of what the page has the graph, or is being given it; empty after a text that could not be counted. */
  private shownOf = '';

  constructor(
    private readonly panel: vscode.WebviewPanel,
    private readonly config: vscode.Uri,
    private readonly state: GraphViewState,
    private readonly context: PanelContext,
  ) {
    const ours: GraphHost = {
      ready: () => this.ready(),
      graph: () => this.graph(),
      reveal: (node) => this.reveal(node),
    };
    this.store.add(new ConfigWatch(config, context)).changed.on((event) => this.follow(event));
    panel.onDidDispose(() => {
      this.asking?.abort();
      this.store.dispose();
    });
    this.view = showPage<GraphView, GraphHost>(panel, context, 'graph', ours, ['graphChanged', 'graphStale']);
  }

  ready(): ReturnType<GraphHost['ready']> {
    return Promise.resolve({ state: this.state, strings: panelStrings(), title: this.panel.title });
  }

  async graph(): Promise<SharingGraph> {
    this.asking?.abort();
    const asking = new AbortController();
    this.asking = asking;
    try {
      const document = await configText(this.config);
      let request: Pick<GraphRequest, 'text' | 'workload'>;
      let reading: Reading | undefined;
      do {
        if (asking.signal.aborted) throw cancelled();
        request = { text: document.getText(), workload: workload(this.config) };
        reading = await this.context.analyses.of(document);
      } while (reading === undefined && document.getText() !== request.text);
      if (asking.signal.aborted) throw cancelled();
      if (reading !== undefined && reading.analysis.figures === undefined)
        throw new Error(this.whyNot(reading));
      const folder = folderOf(this.config);
      this.shownOf = JSON.stringify(request);
      this.shown = await this.context.engine.graph(
        { ...request, ...(folder === undefined ? {} : { folder }) },
        asking.signal,
      );
      return this.shown;
    } catch (error) {
      // The page was given nothing: the same text is worth asking about again.
      if (this.asking === asking) this.shownOf = '';
      if (!isCancelled(error)) this.context.log.warn(`graph of ${this.config.toString()}: ${String(error)}`);
      throw new Error(wordCallError(error), { cause: error });
    }
  }

  reveal(node: string): void {
    this.show(node).catch((error: unknown) => this.context.log.warn(`reveal ${node}: ${String(error)}`));
  }

  /** A folded node stands at the key that counts it; everything else at what the config says it is. */
  private async show(id: string): Promise<void> {
    const document = await configText(this.config);
    const reading = await this.context.analyses.of(document);
    if (reading === undefined) return;
    const { analysis, figures } = reading;
    const count = this.shown?.nodes.find((node) => node.id === id)?.count ?? 1;
    const counted = figures?.keyCosts.filter((cost) => cost.type === 'linear' && cost.times === count) ?? [];
    const key = count > 1 && counted.length === 1 ? counted[0]!.key : identityKey(analysis);
    const anchor = key === undefined ? undefined : analysis.anchors[key];
    const selection = toRange(document, anchor?.key ?? { start: 0, end: 0 });
    const column =
      this.panel.viewColumn === vscode.ViewColumn.One ? vscode.ViewColumn.Beside : vscode.ViewColumn.One;
    await vscode.window.showTextDocument(document, { selection, viewColumn: column });
  }

  private follow(event: ConfigEvent): void {
    if (event.type === 'read' && event.reading.analysis.figures !== undefined) {
      const now = JSON.stringify({ text: event.text, workload: workload(this.config) });
      if (now !== this.shownOf) void this.view.graphChanged();
      return;
    }
    this.shownOf = '';
    const why = event.type === 'gone' ? l10n.t('The config was deleted.') : this.whyNot(event.reading);
    void this.view.graphStale(why);
  }

  private whyNot({ analysis }: Reading): string {
    const [problem] = analysis.problems;
    return problem === undefined
      ? l10n.t('This is not the config of a model.')
      : wordProblem(problem, this.context.format);
  }
}
