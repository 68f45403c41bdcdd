/** One vector a sequence and what a class makes of it: `summary_type` and the keys beside it. */
import { labels, type Common } from '../../config/common';
import { flag, text, type Values } from '../../config/keys';
import type { Chain } from '../../model/build';
import type { Module, Operation } from '../../model/module';
import { linear } from './layers';

/** Which token it is read from; an index that no caller gives is the last one's. */
const READ: Readonly<Record<string, Operation>> = {
  first: { op: 'firstToken' },
  last: { op: 'lastToken' },
  cls_index: { op: 'lastToken' },
  mean: { op: 'meanTokens' },
};

export function summaryKeys(type: string) {
  return {
    summary_type: text(type, Object.keys(READ)),
    summary_use_proj: flag(true),
    summary_proj_to_labels: flag(true),
  } as const;
}

/** [b, s, width] → [b, 1, width or labels]. */
export function summary(
  width: number,
  c: Values<ReturnType<typeof summaryKeys>> & Common,
): { readonly children: Readonly<Record<string, Module>>; readonly run: Chain; readonly width: number } {
  const read = READ[c.summary_type]!;
  if (!c.summary_use_proj) return { children: {}, run: [read], width };
  const outputs = c.summary_proj_to_labels && labels(c) > 0 ? labels(c) : width;
  const projection = linear(width, outputs);
  return {
    children: { 'sequence_summary.summary': projection },
    run: [read, projection],
    width: outputs,
  };
}
