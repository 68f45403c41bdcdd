/** Where things are said in the text. */
import * as vscode from 'vscode';
import type { Analysis, Span } from '../../core/analysis';

export function toRange(document: vscode.TextDocument, span: Span): vscode.Range {
  return new vscode.Range(document.positionAt(span.start), document.positionAt(span.end));
}

/** The key at which a config says what it is. */
export function identityKey(analysis: Analysis): string | undefined {
  return ['model_type', 'architectures'].find((key) => analysis.anchors[key] !== undefined);
}

/** The value of `model_type`, or of `architectures`; the first character where neither can be found in the text. */
export function identitySpan(analysis: Analysis): Span {
  const key = identityKey(analysis);
  const anchor = key === undefined ? undefined : analysis.anchors[key];
  return anchor?.value ?? anchor?.key ?? { start: 0, end: 1 };
}

/** The key whose name or value stands at `offset`; the innermost where objects nest. */
export function keyAt(analysis: Analysis, offset: number): string | undefined {
  let best: { key: string; length: number } | undefined;
  for (const [key, anchor] of Object.entries(analysis.anchors)) {
    for (const span of [anchor.key, anchor.value]) {
      if (span === undefined || offset < span.start || offset > span.end) continue;
      const length = span.end - span.start;
      if (best === undefined || length < best.length) best = { key, length };
    }
  }
  return best?.key;
}
