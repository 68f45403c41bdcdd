/** One language status item: the total of the active config, and the state of the engine. */
import * as vscode from 'vscode';
import type { AnalysisChange } from '../analyses';
import { SELECTOR } from '../configFiles';
import { staleNote, wordEngineError, wordSummary } from '../wording';
import type { ActiveConfig } from './activeConfig';
import { COMMANDS } from './commandNames';
import type { FeatureContext } from './context';

const { l10n } = vscode;

export function registerStatusItem(context: FeatureContext, active: ActiveConfig): vscode.Disposable {
  let item: vscode.LanguageStatusItem | undefined;
  const show = (change: AnalysisChange | undefined): void => {
    const config = active.uri;
    if (config === undefined) {
      item?.dispose();
      item = undefined;
      return;
    }
    item ??= create();
    const { reading, error } = change ?? { reading: context.analyses.known(config.toString()) };
    fill(item, config, reading, error, context);
  };
  const subscriptions = [
    active.changed.on(() => show(undefined)),
    context.analyses.changed.on((change) => {
      if (change.uri === active.uri?.toString()) show(change);
    }),
  ];
  show(undefined);
  return new vscode.Disposable(() => {
    item?.dispose();
    for (const subscription of subscriptions) subscription.dispose();
  });
}

function create(): vscode.LanguageStatusItem {
  const item = vscode.languages.createLanguageStatusItem('headlight.status', SELECTOR);
  item.name = 'Headlight';
  return item;
}

function fill(
  item: vscode.LanguageStatusItem,
  config: vscode.Uri,
  reading: AnalysisChange['reading'],
  error: unknown,
  { format }: FeatureContext,
): void {
  const report = { title: l10n.t('Report'), command: COMMANDS.showReport, arguments: [config] };
  item.busy = reading === undefined && error === undefined;
  item.severity = vscode.LanguageStatusSeverity.Information;
  if (error !== undefined) {
    item.text = l10n.t('Engine ended');
    item.detail = wordEngineError(error);
    item.severity = vscode.LanguageStatusSeverity.Error;
    item.command = { title: l10n.t('Restart'), command: COMMANDS.restartEngine };
  } else if (reading?.figures !== undefined) {
    item.text = l10n.t('{0} parameters', format.compact(reading.figures.parameters.total));
    item.detail = reading.stale ? staleNote() : wordSummary(reading.figures, format);
    if (reading.stale) item.severity = vscode.LanguageStatusSeverity.Warning;
    item.command = report;
  } else {
    item.text = reading === undefined ? l10n.t('Counting…') : l10n.t('No figures');
    item.detail = reading === undefined ? '' : l10n.t('The problems at the keys say why');
    item.command = undefined;
  }
}
