/** What a key costs, behind its value. */
import * as vscode from 'vscode';
import type { Figures, KeyCost } from '../../core/analysis';
import { SELECTOR } from '../configFiles';
import { padNumber, type NumberFormat } from '../format';
import { staleNote } from '../wording';
import { readingFor, type FeatureContext } from './context';
import { exactCost } from './keyCosts';
import { toRange } from './lines';

const { l10n } = vscode;

/** A key that makes less of the parameters than this has its cost in the hover alone. */
const SMALLEST_SHARE = 0.01;

export function registerInlayHints(context: FeatureContext): vscode.Disposable {
  const provider: vscode.InlayHintsProvider = {
    onDidChangeInlayHints: context.refresh,
    async provideInlayHints(document, range, token) {
      const reading = await readingFor(context, 'inlayHints', document, token);
      if (reading?.figures === undefined) return [];
      const { figures, analysis, stale } = reading;
      return figures.keyCosts.flatMap((cost) => {
        const value = analysis.anchors[cost.key]?.value;
        const label =
          value === undefined
            ? undefined
            : costLabel(cost, figures, context.format, document.getText(toRange(document, value)));
        if (value === undefined || label === undefined) return [];
        const position = endOfEntry(document, value.end);
        if (!range.contains(position)) return [];
        const hint = new vscode.InlayHint(position, stale ? `${label} ?` : label);
        hint.paddingLeft = true;
        const tooltip = exactCost(cost, figures, context.format);
        hint.tooltip = stale ? `${tooltip} (${staleNote()})` : tooltip;
        return [hint];
      });
    },
  };
  return vscode.languages.registerInlayHintsProvider(SELECTOR, provider);
}

/** Behind the comma that follows the value, so that the hint doesn't stand between the two. */
function endOfEntry(document: vscode.TextDocument, end: number): vscode.Position {
  const position = document.positionAt(end);
  const comma = position.translate(0, 1);
  return document.getText(new vscode.Range(position, comma)) === ',' ? comma : position;
}

/** A short line, as good as wordless; undefined for what costs too little. `value` is the text of the value. */
function costLabel(cost: KeyCost, figures: Figures, format: NumberFormat, value: string): string | undefined {
  const { total } = figures.parameters;
  const size = (parameters: number): string => padNumber(format.compact(parameters), 6);
  switch (cost.type) {
    case 'linear': {
      if (cost.parameters < total * SMALLEST_SHARE) return undefined;
      const share = padNumber(format.share(cost.parameters, total), 3);
      return `⟵ ${format.exact(cost.times)} × ${format.exact(cost.each)} = ${size(cost.parameters)} · ${share}`;
    }
    case 'step': {
      if (Math.abs(cost.each) < total * SMALLEST_SHARE) return undefined;
      return `⟵ +1: ${size(cost.each)}`;
    }
    case 'flag': {
      if (Math.abs(cost.otherwise) < total * SMALLEST_SHARE) return undefined;
      const sign = cost.otherwise > 0 ? '+' : '';
      return `⟵ ${value === 'true' ? 'false' : 'true'}: ${sign}${format.compact(cost.otherwise)}`;
    }
    case 'keyValueHeads':
      return l10n.t(
        '⟵ {0} Q ÷ {1} K/V · {2} a token',
        format.exact(cost.heads),
        format.exact(cost.keyValueHeads),
        format.bytes(cost.cacheBytesPerToken),
      );
  }
}
