/** A line above the model's type: exact figures, and the ways to the panels. */
import * as vscode from 'vscode';
import { SELECTOR } from '../configFiles';
import { staleNote, wordInputs } from '../wording';
import { COMMANDS } from './commandNames';
import { readingFor, type FeatureContext } from './context';
import { identitySpan, toRange } from './lines';

const { l10n } = vscode;

export function registerCodeLenses(context: FeatureContext): vscode.Disposable {
  const again = new AskAgain();
  const provider: vscode.CodeLensProvider = {
    onDidChangeCodeLenses: again.event,
    async provideCodeLenses(document, token) {
      const question = again.asked(document);
      const reading = await readingFor(context, 'codeLens', document, token);
      if (token.isCancellationRequested) again.cancelled(document, question);
      if (reading?.figures === undefined) return [];
      const { figures, analysis, stale } = reading;
      const { format } = context;
      const range = toRange(document, identitySpan(analysis));
      const parameters = l10n.t('{0} parameters', format.exact(figures.parameters.total));
      const flops = l10n.t(
        '{0} FLOPs forward ({1})',
        format.exact(figures.flops.forward),
        wordInputs(figures.inputs, format),
      );
      const breakdown = l10n.t('Show the whole breakdown');
      const lens = (title: string, command: string, tooltip: string): vscode.CodeLens =>
        new vscode.CodeLens(range, { title, command, tooltip, arguments: [document.uri] });
      return [
        lens(stale ? `${parameters} — ${staleNote()}` : parameters, COMMANDS.showReport, breakdown),
        ...(figures.attention === undefined
          ? []
          : [
              lens(
                l10n.t('Attention'),
                COMMANDS.showAttention,
                l10n.t('Run the model and show where its heads look'),
              ),
            ]),
        lens(l10n.t('Sharing'), COMMANDS.showSharing, l10n.t('Show which weights are shared, and by whom')),
        // Last, for beside a panel there is no room for every digit.
        lens(flops, COMMANDS.showReport, breakdown),
      ];
    },
  };
  return vscode.Disposable.from(
    again,
    context.refresh(() => again.fire()),
    vscode.languages.registerCodeLensProvider(SELECTOR, provider),
  );
}

/** Milliseconds in which VS Code may ask anew by itself. */
const PATIENCE = 150;
/** How often one version of a document is brought back to mind. */
const REMINDERS = 3;

/**
 * VS Code cancels the question when the focus moves, and does not always ask it again: then a config would stand
 * without its lenses until it is edited.
 */
class AskAgain extends vscode.EventEmitter<void> {
  private readonly last = new Map<string, { version: number; question: number; reminders: number }>();
  private questions = 0;

  /** Remembers the newest question about a document, and returns its number. */
  asked({ uri, version }: vscode.TextDocument): number {
    const key = uri.toString();
    const known = this.last.get(key);
    const reminders = known?.version === version ? known.reminders : 0;
    const question = ++this.questions;
    this.last.set(key, { version, question, reminders });
    return question;
  }

  /** The answer will not be shown; unless a newer question comes, asks for one. */
  cancelled({ uri, isClosed }: vscode.TextDocument, question: number): void {
    const entry = this.last.get(uri.toString());
    if (entry === undefined || isClosed || entry.reminders >= REMINDERS) return;
    entry.reminders++;
    setTimeout(() => {
      if (this.last.get(uri.toString())?.question === question) this.fire();
    }, PATIENCE);
  }
}
