/** What a key costs, behind its value. */
import * as vscode from 'vscode';
import type { Figures, KeyCost } from '../../core/analysis';
import { SELECTOR } from '../configFiles';
import { padNumber, type NumberFormat } from '../format';
import { staleNote } from '../wording';
import { readingFor, type FeatureContext } from './context';
import { exactCost } from './keyCosts';

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
        const label = value === undefined ? undefined : costLabel(cost, figures, context.format);
        if (value === undefined || label === undefined) return [];
        const position = document.positionAt(value.end);
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

/** A short line of numbers and signs, the same in every language; undefined for what costs too little. */
function costLabel(cost: KeyCost, figures: Figures, format: NumberFormat): string | undefined {
  const { total } = figures.parameters;
  switch (cost.type) {
    case 'linear': {
      if (cost.parameters < total * SMALLEST_SHARE) return undefined;
      const size = padNumber(format.compact(cost.parameters), 6);
      const share = padNumber(format.share(cost.parameters, total), 3);
      return `⟵ ${format.exact(cost.times)} × ${format.exact(cost.each)} = ${size} · ${share}`;
    }
    case 'step':
      return cost.each < total * SMALLEST_SHARE
        ? undefined
        : `⟵ +1: ${padNumber(format.compact(cost.each), 6)}`;
    case 'flag': {
      if (Math.abs(cost.otherwise) < total * SMALLEST_SHARE) return undefined;
      const sign = cost.otherwise > 0 ? '+' : '';
      return `⟵ ≠ ${sign}${format.compact(cost.otherwise)}`;
    }
    case 'keyValueHeads':
      return `⟵ ${format.exact(cost.heads)} ÷ ${format.exact(cost.keyValueHeads)} · ${format.bytes(cost.cacheBytesPerToken)} KV`;
  }
}
