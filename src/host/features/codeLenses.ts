/** A line above the model's type: exact figures, and the ways to the panels. */
import * as vscode from 'vscode';
import { SELECTOR } from '../configFiles';
import { staleNote, wordInputs } from '../wording';
import { COMMANDS } from './commandNames';
import { readingFor, type FeatureContext } from './context';
import { identitySpan, toRange } from './lines';

const { l10n } = vscode;

export function registerCodeLenses(context: FeatureContext): vscode.Disposable {
  const provider: vscode.CodeLensProvider = {
    onDidChangeCodeLenses: context.refresh,
    async provideCodeLenses(document, token) {
      const reading = await readingFor(context, 'codeLens', document, token);
      if (reading?.figures === undefined) return [];
      const { figures, analysis, stale } = reading;
      const { format } = context;
      const range = toRange(document, identitySpan(analysis));
      const summary = l10n.t(
        '{0} parameters · {1} FLOPs forward ({2})',
        format.exact(figures.parameters.total),
        format.exact(figures.flops.forward),
        wordInputs(figures.inputs, format),
      );
      const lens = (title: string, command: string, tooltip: string): vscode.CodeLens =>
        new vscode.CodeLens(range, { title, command, tooltip, arguments: [document.uri] });
      return [
        lens(
          stale ? `${summary} — ${staleNote()}` : summary,
          COMMANDS.showReport,
          l10n.t('Show the whole breakdown'),
        ),
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
      ];
    },
  };
  return vscode.languages.registerCodeLensProvider(SELECTOR, provider);
}
