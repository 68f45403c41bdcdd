/** The extension's entry: wires the engine, the features and the panels. */
import * as vscode from 'vscode';
import { Analyses } from './host/analyses';
import { EngineClient } from './host/engineClient';
import { ActiveConfig } from './host/features/activeConfig';
import { registerCodeLenses } from './host/features/codeLenses';
import { registerCommands } from './host/features/commands';
import type { FeatureContext } from './host/features/context';
import { registerDiagnostics } from './host/features/diagnostics';
import { followDocuments } from './host/features/documents';
import { registerHover } from './host/features/hover';
import { registerInlayHints } from './host/features/inlayHints';
import { openReport, registerReports } from './host/features/report';
import { registerStatusItem } from './host/features/statusItem';
import { NumberFormat } from './host/format';
import { Panels } from './host/panels/panels';
import { pytorchChoice } from './host/pytorch/choice';
import { ChosenEngine } from './host/pytorch/chosenEngine';
import { engineIdle, engineSettings, engineWide, workload } from './host/settings';
import { startWorkerProcess, startWorkerThread } from './host/workerPort';

export function activate({ extensionUri, subscriptions }: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel('Headlight', { log: true });
  const worker = vscode.Uri.joinPath(extensionUri, 'dist', 'worker.js').fsPath;
  const failed = (line: string): void => log.error(line);
  const logged = (line: string): void => log.info(`engine: ${line}`);
  const engine = new EngineClient({
    start: (listener) => (engineWide() ? startWorkerProcess : startWorkerThread)(worker, logged)(listener),
    log: (line) => log.info(line),
    idle: engineIdle,
    settings: engineSettings,
  });
  const analyses = new Analyses(
    engine,
    ({ uri }) => workload(vscode.Uri.parse(uri.toString(), true)),
    failed,
  );
  const format = new NumberFormat(vscode.env.language);
  const refresh = new vscode.EventEmitter<void>();
  const context: FeatureContext = { analyses, format, log, refresh: refresh.event };
  const chosen = new ChosenEngine(
    engine,
    pytorchChoice((line) => log.warn(line)),
  );
  const panels = new Panels({ extension: extensionUri, engine: chosen, analyses, format, log });
  const active = new ActiveConfig(analyses, panels, failed);

  subscriptions.push(
    log,
    engine,
    refresh,
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration('headlight')) refresh.fire();
    }),
    active,
    panels,
    registerDiagnostics(context),
    registerStatusItem(context, active),
    registerHover(context),
    registerCodeLenses(context),
    registerInlayHints(context),
    registerReports(context),
    registerCommands({
      active,
      log,
      showAttention: (config) => panels.show('heatmap', config),
      showSharing: (config) => panels.show('graph', config),
      showReport: openReport,
      restartEngine: () => {
        engine.restart();
        refresh.fire();
      },
    }),
    followDocuments(context),
  );
}
