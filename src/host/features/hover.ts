/** The breakdown over the model's type, and the cost of a key over that key. */
import * as vscode from 'vscode';
import { SELECTOR } from '../configFiles';
import { staleNote } from '../wording';
import { conventions, escapeMarkdown, figureTable, heading, keyNotes, moduleTable } from './breakdown';
import { COMMANDS } from './commandNames';
import { readingFor, type FeatureContext } from './context';
import { exactCost } from './keyCosts';
import { keyAt, toRange } from './lines';
import type { Reading } from '../analyses';

const { l10n } = vscode;

const IDENTITY_KEYS: readonly string[] = ['model_type', 'architectures'];

export function registerHover(context: FeatureContext): vscode.Disposable {
  return vscode.languages.registerHoverProvider(SELECTOR, {
    async provideHover(document, position, token) {
      const reading = await readingFor(context, 'hover', document, token);
      if (reading === undefined) return undefined;
      const key = keyAt(reading.analysis, document.offsetAt(position));
      if (key === undefined) return undefined;
      const text = IDENTITY_KEYS.includes(key)
        ? modelText(context, document.uri, reading)
        : keyText(context, key, reading);
      if (text === undefined) return undefined;
      const { key: name, value } = reading.analysis.anchors[key]!;
      return new vscode.Hover(text, toRange(document, { start: name.start, end: (value ?? name).end }));
    },
  });
}

function modelText(
  { format }: FeatureContext,
  config: vscode.Uri,
  { figures, stale }: Reading,
): vscode.MarkdownString | undefined {
  if (figures === undefined) return undefined;
  const ways: string[] = [
    ...(figures.attention === undefined
      ? []
      : [commandLink(l10n.t('Attention'), COMMANDS.showAttention, config)]),
    commandLink(l10n.t('Sharing'), COMMANDS.showSharing, config),
    commandLink(l10n.t('Whole report'), COMMANDS.showReport, config),
  ];
  const parts = [
    stale ? `${heading(figures)} — *${staleNote()}*` : heading(figures),
    figureTable(figures, format),
    moduleTable(figures, format, false),
    conventions(figures, format),
    ...keyNotes(figures),
    ways.join(' · '),
  ];
  const text = new vscode.MarkdownString(parts.join('\n\n'));
  text.isTrusted = { enabledCommands: [COMMANDS.showAttention, COMMANDS.showSharing, COMMANDS.showReport] };
  return text;
}

function keyText(
  { format }: FeatureContext,
  key: string,
  { figures, stale }: Reading,
): vscode.MarkdownString | undefined {
  const costs = figures?.keyCosts.filter((cost) => cost.key === key) ?? [];
  if (figures === undefined || costs.length === 0) return undefined;
  const lines = costs.map((cost) => escapeMarkdown(exactCost(cost, figures, format)));
  if (stale) lines.push(`*${staleNote()}*`);
  return new vscode.MarkdownString(lines.join('\n\n'));
}

function commandLink(title: string, command: string, config: vscode.Uri): string {
  // A uri doesn't survive the JSON of a command link: it goes as text.
  return `[${title}](command:${command}?${encodeURIComponent(JSON.stringify([config.toString()]))})`;
}
