/** The summary as an Information diagnostic, and the problems of the config, pushed as the text changes. */
import * as vscode from 'vscode';
import type { Severity } from '../../core/analysis';
import type { Reading } from '../analyses';
import { featureEnabled } from '../settings';
import { staleNote, wordProblem, wordSummary } from '../wording';
import type { FeatureContext } from './context';
import { identitySpan, toRange } from './lines';

const SEVERITIES: Record<Severity, vscode.DiagnosticSeverity> = {
  error: vscode.DiagnosticSeverity.Error,
  warning: vscode.DiagnosticSeverity.Warning,
  information: vscode.DiagnosticSeverity.Information,
};

/** Follows `analyses.changed`; what asks for the analyses is elsewhere (`documents.ts`). */
export function registerDiagnostics(context: FeatureContext): vscode.Disposable {
  const { analyses } = context;
  const collection = vscode.languages.createDiagnosticCollection('headlight');
  const show = (uri: string, reading: Reading | undefined): void => {
    const document = vscode.workspace.textDocuments.find((open) => open.uri.toString() === uri);
    if (document === undefined || reading === undefined || !wanted(document)) {
      collection.delete(vscode.Uri.parse(uri, true));
    } else if (document.version === reading.version) {
      collection.set(document.uri, diagnostics(context, document, reading));
    }
  };
  return vscode.Disposable.from(
    collection,
    analyses.changed.on(({ uri, reading, error }) => {
      // An engine without an answer takes nothing away: the status item tells of it.
      if (error === undefined) show(uri, reading);
    }),
    // A setting that changes no analysis may still switch the diagnostics on or off.
    context.refresh(() => {
      for (const { uri } of vscode.workspace.textDocuments)
        show(uri.toString(), analyses.known(uri.toString()));
    }),
  );
}

/** The old side of a comparison has no place in the Problems view. */
function wanted(document: vscode.TextDocument): boolean {
  const readOnly = vscode.workspace.fs.isWritableFileSystem(document.uri.scheme) === false;
  return !readOnly && featureEnabled('diagnostics', document.uri);
}

function diagnostics(
  { format }: FeatureContext,
  document: vscode.TextDocument,
  { analysis, figures, stale }: Reading,
): vscode.Diagnostic[] {
  const make = (
    range: vscode.Range,
    message: string,
    severity: Severity,
    code: string,
  ): vscode.Diagnostic => {
    const diagnostic = new vscode.Diagnostic(range, message, SEVERITIES[severity]);
    diagnostic.source = 'Headlight';
    diagnostic.code = code;
    return diagnostic;
  };
  const problems = analysis.problems
    // VS Code's own JSON support already marks what is no JSON.
    .filter(({ code }) => code !== 'json.syntax')
    .map((problem) =>
      make(toRange(document, problem.span), wordProblem(problem, format), problem.severity, problem.code),
    );
  if (figures === undefined) return problems;
  const summary = wordSummary(figures, format);
  return [
    make(
      toRange(document, identitySpan(analysis)),
      stale ? `${summary} — ${staleNote()}` : summary,
      'information',
      'model.summary',
    ),
    ...problems,
  ];
}
