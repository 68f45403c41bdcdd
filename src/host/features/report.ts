/** The whole breakdown of a config as a virtual Markdown document. */
import * as vscode from 'vscode';
import type { Reading } from '../analyses';
import { maybeModelConfig, shortName } from '../configFiles';
import { staleNote, wordEngineError, wordProblem } from '../wording';
import { conventions, escapeMarkdown, figureTable, heading, keyNotes, moduleTable } from './breakdown';
import type { FeatureContext } from './context';

const { l10n } = vscode;
const SCHEME = 'headlight-report';

/** Provides the documents and keeps the open ones up to date. */
export function registerReports(context: FeatureContext): vscode.Disposable {
  const changed = new vscode.EventEmitter<vscode.Uri>();
  const follow = context.analyses.changed.on(({ uri, error }) => {
    // A failure is not kept, so a report that is provided anew asks, and fails, again: without this, without end.
    if (error !== undefined) return;
    const report = reportUri(vscode.Uri.parse(uri, true));
    const open = vscode.workspace.textDocuments.some(
      (document) => document.uri.toString() === report.toString(),
    );
    if (open) changed.fire(report);
  });
  const provider: vscode.TextDocumentContentProvider = {
    onDidChange: changed.event,
    provideTextDocumentContent: (uri) => content(context, vscode.Uri.parse(uri.query, true)),
  };
  return vscode.Disposable.from(
    changed,
    follow,
    vscode.workspace.registerTextDocumentContentProvider(SCHEME, provider),
  );
}

/** Opens the report of `config` as rendered Markdown beside it. */
export async function openReport(config: vscode.Uri): Promise<void> {
  await vscode.commands.executeCommand('markdown.showPreviewToSide', reportUri(config));
}

function reportUri(config: vscode.Uri): vscode.Uri {
  return vscode.Uri.from({ scheme: SCHEME, path: `/${shortName(config)}.md`, query: config.toString() });
}

async function content(context: FeatureContext, config: vscode.Uri): Promise<string> {
  const title = `# ${escapeMarkdown(shortName(config))}`;
  try {
    const document = await vscode.workspace.openTextDocument(config);
    const reading = maybeModelConfig(document) ? await context.analyses.of(document) : undefined;
    if (reading === undefined) return [title, l10n.t('This is not the config of a model.')].join('\n\n');
    return [title, ...body(context, reading)].join('\n\n');
  } catch (error) {
    return [title, escapeMarkdown(wordEngineError(error))].join('\n\n');
  }
}

function body({ format }: FeatureContext, { analysis, figures, stale }: Reading): string[] {
  const problems = analysis.problems
    .map((problem) => `- ${escapeMarkdown(wordProblem(problem, format))}`)
    .join('\n');
  if (figures === undefined) return [problems || l10n.t('This is not the config of a model.')];
  return [
    stale ? `${heading(figures)} — *${staleNote()}*` : heading(figures),
    figureTable(figures, format),
    conventions(figures, format),
    moduleTable(figures, format, true),
    ...keyNotes(figures),
    ...(problems === '' ? [] : [problems]),
  ];
}
