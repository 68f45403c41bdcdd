/** A line above the model's type: exact figures, and the ways to the panels. */
import * as vscode from 'vscode';
import type { Analyses } from '../analyses';
import { SELECTOR } from '../configFiles';
import { staleNote, wordInputs } from '../wording';
import { COMMANDS } from './commandNames';
import { readingFor, type FeatureContext } from './context';
import { identitySpan, toRange } from './lines';

const { l10n } = vscode;

export function registerCodeLenses(context: FeatureContext): vscode.Disposable {
  const again = new Reminder(context.analyses);
  const provider: vscode.CodeLensProvider = {
    onDidChangeCodeLenses: again.event,
    async provideCodeLenses(document, token) {
      again.asked(document);
      const reading = await readingFor(context, 'codeLens', document, token);
      if (reading?.figures === undefined) return [];
      const { figures, analysis, stale } = reading;
      const { format } = context;
      const range = toRange(document, identitySpan(analysis));
      const parameters = l10n.t('{0} parameters', format.exact(figures.parameters.total));
      const flops =
        figures.flops &&
        l10n.t(
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
        ...(flops === undefined ? [] : [lens(flops, COMMANDS.showReport, breakdown)]),
      ];
    },
  };
  return vscode.Disposable.from(
    again,
    context.refresh(() => again.fire()),
    vscode.languages.registerCodeLensProvider(SELECTOR, provider),
  );
}

/** Milliseconds in which VS Code asks by itself, where it does. */
const PATIENCE = 600;

/**
 * VS Code drops the question for lenses when the text loses the focus before it was asked, as when a panel is opened
 * right after the config; it would come with the next click into the text. This brings it back to mind.
 */
class Reminder extends vscode.EventEmitter<void> {
  /** Document → the version for which lenses were asked last. */
  private readonly versions = new Map<string, number>();
  private readonly subscription: { dispose(): void };

  constructor(analyses: Analyses) {
    super();
    this.subscription = analyses.changed.on(({ uri, reading }) => {
      if (reading === undefined) return;
      setTimeout(() => {
        const current = analyses.known(uri)?.version === reading.version;
        if (current && this.versions.get(uri) !== reading.version) this.fire();
      }, PATIENCE);
    });
  }

  asked({ uri, version }: vscode.TextDocument): void {
    this.versions.set(uri.toString(), version);
  }

  override dispose(): void {
    this.subscription.dispose();
    super.dispose();
  }
}
