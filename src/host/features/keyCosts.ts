/** The cost of a key in words, with every digit. */
import * as vscode from 'vscode';
import type { Figures, KeyCost } from '../../core/analysis';
import type { NumberFormat } from '../format';

const { l10n } = vscode;

export function exactCost(cost: KeyCost, figures: Figures, format: NumberFormat): string {
  switch (cost.type) {
    case 'linear':
      return l10n.t(
        '{0}: {1} × {2} = {3} parameters, {4} of the model',
        cost.key,
        format.exact(cost.times),
        format.exact(cost.each),
        format.exact(cost.parameters),
        format.share(cost.parameters, figures.parameters.total),
      );
    case 'step':
      return l10n.t('{0}: one more adds {1} parameters', cost.key, format.exact(cost.each));
    case 'flag':
      return cost.otherwise > 0
        ? l10n.t('{0}: the other value would add {1} parameters', cost.key, format.exact(cost.otherwise))
        : l10n.t('{0}: the other value would save {1} parameters', cost.key, format.exact(-cost.otherwise));
    case 'keyValueHeads':
      return l10n.t(
        '{0}: {1} query heads share {2} key/value heads; the KV cache takes {3} bytes a token',
        cost.key,
        format.exact(cost.heads),
        format.exact(cost.keyValueHeads),
        format.exact(cost.cacheBytesPerToken),
      );
  }
}
