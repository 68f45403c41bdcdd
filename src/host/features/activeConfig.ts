/** Which config the active editor or panel shows, and the context key that menus and commands go by. */
import * as vscode from 'vscode';
import type { Analyses } from '../analyses';
import { maybeModelConfig } from '../configFiles';
import { Signal } from '../event';

const CONTEXT_KEY = 'headlight.configActive';

/** The panels, as far as one of them may be what the user looks at. */
interface ActivePanels {
  /** The config of the panel that is active, if one is. */
  readonly active: vscode.Uri | undefined;
  readonly activeChanged: Signal<void>;
}

export class ActiveConfig implements vscode.Disposable {
  readonly changed: Signal<vscode.Uri | undefined>;
  private current: vscode.Uri | undefined;
  private key = false;
  private readonly subscriptions: vscode.Disposable[];

  constructor(
    private readonly analyses: Analyses,
    private readonly panels: ActivePanels,
    log: (line: string) => void,
  ) {
    this.changed = new Signal(log);
    this.subscriptions = [
      vscode.window.onDidChangeActiveTextEditor(() => this.update()),
      vscode.Disposable.from(panels.activeChanged.on(() => this.update())),
      vscode.Disposable.from(
        analyses.changed.on(({ uri }) => {
          if (uri === vscode.window.activeTextEditor?.document.uri.toString()) this.update();
        }),
      ),
    ];
    this.update();
  }

  /** The config in the active editor or panel, if it shows one. */
  get uri(): vscode.Uri | undefined {
    return this.current;
  }

  /** Looks again: a text may have become a config, or ceased to be one. */
  update(): void {
    const document = vscode.window.activeTextEditor?.document;
    const uri =
      document === undefined ? this.panels.active : this.isConfig(document) ? document.uri : undefined;
    if (uri?.toString() === this.current?.toString()) return;
    this.current = uri;
    this.setKey(uri !== undefined);
    this.changed.fire(uri);
  }

  private isConfig(document: vscode.TextDocument): boolean {
    return (
      maybeModelConfig(document) && this.analyses.known(document.uri.toString())?.analysis.outcome !== 'none'
    );
  }

  private setKey(value: boolean): void {
    if (value === this.key) return;
    this.key = value;
    void vscode.commands.executeCommand('setContext', CONTEXT_KEY, value);
  }

  dispose(): void {
    vscode.Disposable.from(...this.subscriptions).dispose();
    this.setKey(false);
  }
}
