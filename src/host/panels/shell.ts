/** What the panels have in common: the page, the channel, and the config they show. */
import * as vscode from 'vscode';
import type { Analyses, Reading } from '../analyses';
import type { Engine, EngineClient } from '../engineClient';
import { Signal, Store } from '../event';
import type { NumberFormat } from '../format';
import { connect, type Channel, type Remote } from '../../protocol/rpc';
import { panelHtml, webviewRoot, type PanelName } from './html';

export interface PanelContext {
  readonly extension: vscode.Uri;
  readonly engine: Engine & Pick<EngineClient, 'died'>;
  readonly analyses: Analyses;
  readonly format: NumberFormat;
  readonly log: vscode.LogOutputChannel;
}

/** Options of every panel's webview; a hidden one is thrown away and asks again when it is shown. */
export function webviewOptions(extension: vscode.Uri): vscode.WebviewOptions {
  return { enableScripts: true, localResourceRoots: [webviewRoot(extension)] };
}

/** Connects a page with `ours` and shows it; the page's first call is `ready`. */
export function showPage<View extends object, Host extends object>(
  panel: vscode.WebviewPanel,
  context: PanelContext,
  name: PanelName,
  ours: Host,
  events: (keyof View)[],
): Remote<View, Host> {
  const { webview } = panel;
  const channel: Channel = {
    // A page that is hidden or gone takes no messages; it asks again when it is shown.
    post: (message) => void webview.postMessage(message),
    listen: (receive) => void webview.onDidReceiveMessage(receive),
  };
  const view = connect<View, Host>(ours, channel, events);
  panel.onDidDispose(() => view.$close());
  webview.options = webviewOptions(context.extension);
  webview.html = panelHtml(webview, context.extension, name, panel.title);
  return view;
}

/** The text of a config as it stands in the editor, or in the file where no editor has it. */
export async function configText(config: vscode.Uri): Promise<vscode.TextDocument> {
  return vscode.workspace.openTextDocument(config);
}

export type ConfigEvent =
  { readonly type: 'read'; readonly text: string; readonly reading: Reading } | { readonly type: 'gone' };

/** Tells what becomes of one config, whether an editor has it or another program writes it. */
export class ConfigWatch implements vscode.Disposable {
  readonly changed: Signal<ConfigEvent>;
  private readonly store = new Store();

  constructor(config: vscode.Uri, { analyses, log }: Pick<PanelContext, 'analyses' | 'log'>) {
    this.changed = new Signal((line) => log.error(line));
    const folder = vscode.Uri.joinPath(config, '..');
    const name = config.path.slice(config.path.lastIndexOf('/') + 1);
    const watcher = vscode.workspace.createFileSystemWatcher(new vscode.RelativePattern(folder, name), true);
    this.store.add(watcher);
    // Opening the document is enough: every open config is analysed.
    watcher.onDidChange(() => void configText(config).then(undefined, () => undefined));
    watcher.onDidDelete(() => this.changed.fire({ type: 'gone' }));
    this.store.add(
      analyses.changed.on(({ uri, reading }) => {
        if (uri !== config.toString() || reading === undefined) return;
        const document = vscode.workspace.textDocuments.find((open) => open.uri.toString() === uri);
        if (document?.version === reading.version) {
          this.changed.fire({ type: 'read', text: document.getText(), reading });
        }
      }),
    );
  }

  dispose(): void {
    this.store.dispose();
  }
}
