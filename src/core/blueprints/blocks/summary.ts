/** One vector a sequence and what a class makes of it: `summary_type` and the keys beside it. */
import { labels, type Common } from '../../config/common';
import { any, flag, text, type Values } from '../../config/keys';
import type { Chain } from '../../model/build';
import type { Module, Operation } from '../../model/module';
import { linear } from './layers';

/** Which token it is read from; an index that no caller gives is the last one's. */
const READ: Readonly<Record<string, Operation>> = {
  first: { op: 'firstToken' },
  last: { op: 'lastToken' },
  cls_index: { op: 'lastToken' },
  mean: { op: 'meanTokens' },
  // Not written in the class; other classes of the same config are built all the same.
  attn: { op: 'firstToken' },
};

/** @param projects whether a class projects to its labels where the file says nothing; some have no such keys of their own. */
export function summaryKeys(type: string, projects = { at: true, toLabels: true }) {
  return {
    summary_type: text(type, Object.keys(READ)),
    summary_use_proj: flag(projects.at),
    summary_proj_to_labels: flag(projects.toLabels),
    summary_activation: any(),
  } as const;
}

/** [b, s, width] → [b, 1, width or labels]. @param activation the class's default. */
export function summary(
  width: number,
  c: Values<ReturnType<typeof summaryKeys>> & Common,
  activation?: string,
): { readonly children: Readonly<Record<string, Module>>; readonly run: Chain; readonly width: number } {
  const read = READ[c.summary_type]!;
  const named = typeof c.summary_activation === 'string' ? c.summary_activation : activation;
  const activated = named ? [{ op: 'activation', activation: named } as const] : [];
  if (!c.summary_use_proj) return { children: {}, run: [read, ...activated], width };
  const outputs = c.summary_proj_to_labels && labels(c) > 0 ? labels(c) : width;
  const projection = linear(width, outputs);
  return {
    children: { 'sequence_summary.summary': projection },
    run: [read, projection, ...activated],
    width: outputs,
  };
}
