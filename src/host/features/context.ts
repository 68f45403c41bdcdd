/** What every feature is given. */
import type * as vscode from 'vscode';
import type { Analyses, Reading } from '../analyses';
import { maybeModelConfig } from '../configFiles';
import type { NumberFormat } from '../format';
import { featureEnabled, type Feature } from '../settings';

export interface FeatureContext {
  readonly analyses: Analyses;
  readonly format: NumberFormat;
  readonly log: vscode.LogOutputChannel;
  /** The settings or the engine changed: what was said before has to be said anew. */
  readonly refresh: vscode.Event<void>;
}

/**
 * The reading for a provider: undefined where the feature is off, the document is none of ours, the engine fails (the
 * status item says so), or the document has changed meanwhile (VS Code asks again).
 */
export async function readingFor(
  context: FeatureContext,
  feature: Feature,
  document: vscode.TextDocument,
  token: vscode.CancellationToken,
): Promise<Reading | undefined> {
  if (!featureEnabled(feature, document.uri) || !maybeModelConfig(document)) return undefined;
  const reading = await context.analyses.of(document).catch(() => undefined);
  const current =
    reading !== undefined && reading.version === document.version && !token.isCancellationRequested;
  return current && reading.analysis.outcome !== 'none' ? reading : undefined;
}
