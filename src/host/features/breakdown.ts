/** The breakdown as Markdown: short for the hover, whole for the report. */
import * as vscode from 'vscode';
import type { BreakdownRow, Figures } from '../../core/analysis';
import type { NumberFormat } from '../format';
import { unitPrefix, wordInputs } from '../wording';

const { l10n } = vscode;

/** Rows deeper than this stand in the report alone. */
const HOVER_DEPTH = 3;
const HOVER_ROWS = 24;

/** Names from the config are data: nothing in them may become Markdown. */
export function escapeMarkdown(text: string): string {
  return text.replace(/[\\`*_{}[\]()#+\-.!|<>~&$]/g, '\\$&').replace(/\s+/g, ' ');
}

export function heading(figures: Figures): string {
  const base = figures.architectureGiven
    ? ''
    : ` — ${l10n.t('“architectures” is missing, so the base model is counted')}`;
  return `**${escapeMarkdown(figures.architecture)}** (${escapeMarkdown(figures.modelType)})${base}`;
}

/** The modules with their counts, parameters, shares and FLOPs. */
export function moduleTable(figures: Figures, format: NumberFormat, whole: boolean): string {
  const rows = whole
    ? figures.breakdown
    : figures.breakdown.filter((row) => row.depth <= HOVER_DEPTH).slice(0, HOVER_ROWS);
  const left = figures.breakdown.length - rows.length;
  const table = [
    `| ${l10n.t('Module')} | ${l10n.t('Count')} | ${l10n.t('Parameters')} | ${l10n.t('Share')} | ${l10n.t('FLOPs')} |`,
    '|:--|--:|--:|--:|--:|',
    totalRow(figures, format),
    ...rows.map((row, index) => moduleRow(row, nameIn(rows, index), figures, format)),
  ];
  if (left > 0) table.push('', l10n.t('{0} further rows are in the report.', format.exact(left)));
  return table.join('\n');
}

function totalRow(figures: Figures, format: NumberFormat): string {
  const { total } = figures.parameters;
  return tableRow(`**${escapeMarkdown(figures.architecture)}**`, [
    '',
    `**${format.exact(total)}**`,
    format.share(total, total),
    figures.flops === undefined ? '' : `**${format.exact(figures.flops.forward)}**`,
  ]);
}

function moduleRow(row: BreakdownRow, name: string, figures: Figures, format: NumberFormat): string {
  return tableRow('&emsp;'.repeat(row.depth + 1) + escapeMarkdown(name), [
    row.count === 1 ? '' : `× ${format.exact(row.count)}`,
    format.exact(row.parameters),
    format.share(row.parameters, figures.parameters.total),
    figures.flops === undefined ? '' : format.exact(row.flops),
  ]);
}

/** A wide space keeps the columns apart: VS Code sets the cells of a hover without any. */
function tableRow(name: string, cells: readonly string[]): string {
  return `| ${name} |${cells.map((cell) => `&emsp;${cell}|`).join('')}`;
}

/** The path below the row that it belongs to: `layers.{0-31}`. */
function nameIn(rows: readonly BreakdownRow[], index: number): string {
  const { path, depth } = rows[index]!;
  const parent = rows.slice(0, index).findLast((row) => row.depth < depth)?.path;
  return parent !== undefined && path.startsWith(`${parent}.`) ? path.slice(parent.length + 1) : path;
}

type Row = readonly [string, string] | undefined;

/** The forward pass by its conventions; where the tree does not follow it, a row says so. */
function flopRows(flops: Figures['flops'], workload: Figures['workload'], format: NumberFormat): Row[] {
  if (flops === undefined) {
    return [[l10n.t('Forward pass'), l10n.t('not known: the class tables give the parameters alone')]];
  }
  const work = (value: bigint): string =>
    `${format.exact(value)} (${unitPrefix(format.prefixed(value))}FLOPs)`;
  return [
    [l10n.t('Forward pass'), work(flops.forward)],
    flops.masked === undefined || flops.masked === flops.forward
      ? undefined
      : [l10n.t('… visible pairs of the mask alone'), work(flops.masked)],
    flops.counter === flops.forward
      ? undefined
      : [l10n.t('… as FlopCounterMode counts it'), work(flops.counter)],
    flops.decode === undefined
      ? undefined
      : [l10n.t('One more token at {0} in the cache', format.exact(workload.context)), work(flops.decode)],
    [l10n.t('Training step'), work(flops.training)],
  ];
}

/** Everything else that is counted, a row a figure. */
export function figureTable(figures: Figures, format: NumberFormat): string {
  const { parameters, flops, memory, workload } = figures;
  const count = (value: number | bigint): string => `${format.exact(value)} (${format.compact(value)})`;
  const size = (value: number): string => `${format.exact(value)} B (${format.bytes(value)})`;
  const rows: Row[] = [
    [l10n.t('Parameters'), count(parameters.total)],
    parameters.active && [l10n.t('Active for a token'), count(parameters.active.withEmbedding)],
    parameters.active && [
      l10n.t('Active for a token, without embeddings'),
      count(parameters.active.withoutEmbedding),
    ],
    parameters.checkpoint === parameters.total
      ? undefined
      : [l10n.t('In the checkpoint, with saved buffers'), count(parameters.checkpoint)],
    parameters.shared === 0 ? undefined : [l10n.t('Saved by sharing'), count(parameters.shared)],
    ...flopRows(flops, workload, format),
    [
      memory.quantisation === undefined
        ? l10n.t('Weights in {0}', memory.dtype)
        : l10n.t('Weights in {0}, before the config’s quantisation ({1})', memory.dtype, memory.quantisation),
      size(memory.weights),
    ],
    memory.cachePerToken === undefined
      ? undefined
      : [l10n.t('KV cache of a token (16 bits)'), size(memory.cachePerToken)],
    memory.cacheAtContext === undefined
      ? undefined
      : [
          l10n.t(
            'KV cache of {0} × {1} tokens',
            format.exact(workload.batch),
            format.exact(workload.context),
          ),
          size(memory.cacheAtContext),
        ],
  ];
  const body = rows.filter((row) => row !== undefined).map(([name, value]) => tableRow(name, [value]));
  return [`| ${l10n.t('Figure')} | ${l10n.t('Value')} |`, '|:--|--:|', ...body].join('\n');
}

/** How the figures are meant. */
export function conventions(figures: Figures, format: NumberFormat): string {
  return l10n.t(
    'Counted for {0}. A multiply–accumulate is 2 FLOPs; matrix products and convolutions alone; training is forward and backward without recomputation.',
    wordInputs(figures.inputs, format),
  );
}

/** Keys that were filled in, and keys that nothing reads. */
export function keyNotes(figures: Figures): string[] {
  const notes: string[] = [];
  if (figures.defaults.length > 0) {
    const filled = figures.defaults.map(({ key, value }) => code(`${key} = ${JSON.stringify(value)}`));
    notes.push(l10n.t('Defaults filled in: {0}.', filled.join(', ')));
  }
  if (figures.unread.length > 0) {
    notes.push(l10n.t('Keys that no figure depends on: {0}.', figures.unread.map(code).join(', ')));
  }
  return notes;
}

function code(text: string): string {
  return `\`${text.replace(/[`|\s]+/g, ' ')}\``;
}
