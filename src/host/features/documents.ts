/** Asks for the analysis of every open config as it changes, for what is pushed: diagnostics, status, panels. */
import * as vscode from 'vscode';
import { maybeModelConfig } from '../configFiles';
import { isCancelled } from '../engineErrors';
import type { FeatureContext } from './context';

/** A fast typist's keystrokes are one question; providers ask without waiting. */
const DEBOUNCE = 25;

export function followDocuments({ analyses, log, refresh }: FeatureContext): vscode.Disposable {
  const timers = new Map<string, ReturnType<typeof setTimeout>>();
  const look = (document: vscode.TextDocument): void => {
    if (document.isClosed) return;
    if (!maybeModelConfig(document)) {
      analyses.withdraw(document.uri.toString());
      return;
    }
    analyses.of(document).catch((error: unknown) => {
      if (!isCancelled(error)) log.warn(`${document.uri.toString()}: ${String(error)}`);
    });
  };
  const lookSoon = (document: vscode.TextDocument): void => {
    const uri = document.uri.toString();
    clearTimeout(timers.get(uri));
    timers.set(
      uri,
      setTimeout(() => {
        timers.delete(uri);
        look(document);
      }, DEBOUNCE),
    );
  };
  const lookAtAll = (): void => vscode.workspace.textDocuments.forEach(look);
  const subscriptions = vscode.Disposable.from(
    vscode.workspace.onDidOpenTextDocument(look),
    vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
      if (contentChanges.length > 0) lookSoon(document);
    }),
    vscode.workspace.onDidCloseTextDocument((document) => {
      clearTimeout(timers.get(document.uri.toString()));
      analyses.forget(document.uri.toString());
    }),
    refresh(lookAtAll),
  );
  // Starting the engine takes its time: not in that of the activation, which others wait for.
  const first = setImmediate(lookAtAll);
  return vscode.Disposable.from(
    subscriptions,
    new vscode.Disposable(() => {
      clearImmediate(first);
      timers.forEach((timer) => clearTimeout(timer));
    }),
  );
}
