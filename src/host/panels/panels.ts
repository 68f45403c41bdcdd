/** Opens the panels, one a config and kind, and restores them after a reload of the window. */
import * as vscode from 'vscode';
import { shortName } from '../configFiles';
import { Signal } from '../event';
import { GraphPanel } from './graphPanel';
import { HeatmapPanel } from './heatmapPanel';
import { messageHtml, type PanelName } from './html';
import { configText, webviewOptions, type PanelContext } from './shell';
import { firstGraphState, firstHeatmapState, graphState, heatmapState } from './states';

const { l10n } = vscode;

interface Kind {
  readonly name: PanelName;
  readonly title: (config: vscode.Uri) => string;
  /** Shows the kept state, or a first one; false where the state names no config. */
  readonly fill: (panel: vscode.WebviewPanel, kept: unknown, context: PanelContext) => boolean;
  readonly configOf: (kept: unknown) => string | undefined;
}

const KINDS: Readonly<Record<PanelName, Kind>> = {
  heatmap: {
    name: 'heatmap',
    title: (config) => l10n.t('Attention: {0}', titleName(config)),
    configOf: (kept) => heatmapState(kept)?.config,
    fill: (panel, kept, context) => {
      const state = heatmapState(kept);
      if (state !== undefined) new HeatmapPanel(panel, vscode.Uri.parse(state.config, true), state, context);
      return state !== undefined;
    },
  },
  graph: {
    name: 'graph',
    title: (config) => l10n.t('Sharing: {0}', titleName(config)),
    configOf: (kept) => graphState(kept)?.config,
    fill: (panel, kept, context) => {
      const state = graphState(kept);
      if (state !== undefined) new GraphPanel(panel, vscode.Uri.parse(state.config, true), state, context);
      return state !== undefined;
    },
  },
};

export class Panels implements vscode.Disposable {
  readonly activeChanged: Signal<void>;
  private readonly open = new Map<string, vscode.WebviewPanel>();
  private shown: { readonly panel: vscode.WebviewPanel; readonly config: vscode.Uri } | undefined;
  private readonly serializers: vscode.Disposable[];

  constructor(private readonly context: PanelContext) {
    this.activeChanged = new Signal((line) => context.log.error(line));
    this.serializers = Object.values(KINDS).map((kind) =>
      vscode.window.registerWebviewPanelSerializer(viewType(kind), {
        deserializeWebviewPanel: (panel, kept: unknown) => this.restore(kind, panel, kept),
      }),
    );
  }

  /** The config of the panel that is active, if one is. */
  get active(): vscode.Uri | undefined {
    return this.shown?.config;
  }

  /** Shows the panel of `config` beside the editor, a new one where there is none. */
  show(name: PanelName, config: vscode.Uri): void {
    const kind = KINDS[name];
    const known = this.open.get(identity(kind, config.toString()));
    if (known !== undefined) {
      known.reveal(undefined, true);
      return;
    }
    const panel = vscode.window.createWebviewPanel(
      viewType(kind),
      kind.title(config),
      // From one panel to another stays beside the text, not beside what is beside it.
      {
        viewColumn: this.shown === undefined ? vscode.ViewColumn.Beside : vscode.ViewColumn.Active,
        preserveFocus: false,
      },
      webviewOptions(this.context.extension),
    );
    const first = name === 'heatmap' ? firstHeatmapState : firstGraphState;
    this.adopt(kind, panel, config);
    kind.fill(panel, first(config.toString()), this.context);
  }

  private async restore(kind: Kind, panel: vscode.WebviewPanel, kept: unknown): Promise<void> {
    const uri = kind.configOf(kept);
    if (uri === undefined) {
      panel.webview.html = messageHtml(
        'Headlight',
        l10n.t('What this panel showed is not known any more. Close it, and open it again from the config.'),
      );
      return;
    }
    const config = vscode.Uri.parse(uri, true);
    panel.title = kind.title(config);
    this.adopt(kind, panel, config);
    try {
      await configText(config);
    } catch (error) {
      this.context.log.warn(`restoring the panel of ${uri}: ${String(error)}`);
      panel.webview.html = messageHtml(
        panel.title,
        l10n.t(
          'The config {0} can’t be read any more, so there is nothing to show. Close this panel, or put the file back and reload the window.',
          config.path,
        ),
      );
      return;
    }
    kind.fill(panel, kept, this.context);
  }

  private adopt(kind: Kind, panel: vscode.WebviewPanel, config: vscode.Uri): void {
    const key = identity(kind, config.toString());
    panel.iconPath = vscode.Uri.joinPath(this.context.extension, 'media', `${kind.name}.svg`);
    this.open.set(key, panel);
    const look = (active: boolean): void => {
      if (active) this.shown = { panel, config };
      else if (this.shown?.panel === panel) this.shown = undefined;
      else return;
      this.activeChanged.fire();
    };
    look(panel.active);
    panel.onDidChangeViewState(() => look(panel.active));
    panel.onDidDispose(() => {
      if (this.open.get(key) === panel) this.open.delete(key);
      look(false);
    });
  }

  dispose(): void {
    vscode.Disposable.from(...this.serializers).dispose();
  }
}

/** Also in package.json's activation events. */
function viewType(kind: Kind): string {
  return `headlight.${kind.name}`;
}

function identity(kind: Kind, config: string): string {
  return `${kind.name} ${config}`;
}

/** Weights can't be read where files have no path: the title says so, since the picture is then of random ones. */
function titleName(config: vscode.Uri): string {
  return config.scheme === 'file' || config.scheme === 'untitled'
    ? shortName(config)
    : l10n.t('{0} (virtual workspace: weights can’t be read)', shortName(config));
}
