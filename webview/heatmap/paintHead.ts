/** Draws what is seen of one head: cells, tokens on both axes, the cursor and a locked row. */
import type { Token } from '../../src/protocol/run';
import type { Size } from '../shared/pixels';
import { elided } from '../shared/text';
import type { Theme } from '../shared/theme';
import { pixelOf, type Ramp } from './colours';
import { hatch } from './hatch';
import type { HeadLayout } from './headLayout';
import type { Cell, Matrix } from './reading';

export interface Picture {
  readonly matrix: Matrix;
  readonly queryTokens: readonly Token[];
  readonly keyTokens: readonly Token[];
  readonly layout: HeadLayout;
  readonly ramp: Ramp;
  /** The probability that has the last colour. */
  readonly high: number;
  readonly cursor: Cell | undefined;
  readonly locked: number | undefined;
  /** What must be said on the picture: random weights and their seed. */
  readonly warning: string | undefined;
  readonly axes: { readonly query: string; readonly key: string };
}

export const fontSize = 11;
/** Cells between two tokens of an axis, so that the tokens don't overlap. */
const lineHeight = 13;

export function paintHead(
  context: CanvasRenderingContext2D,
  picture: Picture,
  theme: Theme,
  size: Size,
  scroll: { readonly left: number; readonly top: number },
  ratio: number,
): void {
  const { layout } = picture;
  const { left, top, cell } = layout;
  const rows = visible(scroll.top, size.height - top, cell, layout.queries);
  const columns = visible(scroll.left, size.width - left, cell, layout.keys);
  const x = (key: number): number => left + key * cell - scroll.left;
  const y = (query: number): number => top + query * cell - scroll.top;
  const right = Math.min(size.width, x(layout.keys));
  const bottom = Math.min(size.height, y(layout.queries));

  context.save();
  context.beginPath();
  context.rect(left, top, right - left, bottom - top);
  context.clip();
  context.fillStyle = hatch(context, theme, ratio);
  context.fillRect(left, top, right - left, bottom - top);
  if (rows.count > 0 && columns.count > 0) {
    context.imageSmoothingEnabled = false;
    context.drawImage(
      cellsImage(picture, rows, columns),
      x(columns.first),
      y(rows.first),
      columns.count * cell,
      rows.count * cell,
    );
  }
  const { locked, cursor } = picture;
  if (locked !== undefined) {
    context.fillStyle = theme.background;
    context.globalAlpha = 0.6;
    context.fillRect(left, top, right - left, y(locked) - top);
    context.fillRect(left, y(locked + 1), right - left, bottom - y(locked + 1));
    context.globalAlpha = 1;
    outline(context, theme, left, y(locked), right - left, cell);
  }
  if (cursor !== undefined) outline(context, theme, x(cursor.key), y(cursor.query), cell, cell);
  context.restore();

  if (theme.contrastBorder !== '') {
    context.strokeStyle = theme.contrastBorder;
    context.lineWidth = 1;
    context.strokeRect(left - 0.5, top - 0.5, right - left + 1, bottom - top + 1);
  }
  paintTokens(context, picture, theme, rows, columns, x, y);
  paintCorner(context, picture, theme);
}

interface Range {
  readonly first: number;
  readonly count: number;
}

function visible(scroll: number, room: number, cell: number, all: number): Range {
  const first = Math.min(all, Math.floor(scroll / cell));
  return { first, count: Math.max(0, Math.min(all, Math.ceil((scroll + room) / cell)) - first) };
}

/** One pixel a cell; masked cells are transparent, so that the hatch shows. */
function cellsImage({ matrix, ramp, high }: Picture, rows: Range, columns: Range): OffscreenCanvas {
  const image = new ImageData(columns.count, rows.count);
  const pixels = new Uint32Array(image.data.buffer);
  let target = 0;
  for (let row = rows.first; row < rows.first + rows.count; row++) {
    let source = row * matrix.keys + columns.first;
    for (let column = 0; column < columns.count; column++, source++, target++) {
      const value = matrix.values[source]!;
      if (!Number.isNaN(value)) pixels[target] = pixelOf(value, high, ramp);
    }
  }
  const canvas = new OffscreenCanvas(columns.count, rows.count);
  canvas.getContext('2d')?.putImageData(image, 0, 0);
  return canvas;
}

/** Two lines, so that one of them stands out from any colour below. */
function outline(
  context: CanvasRenderingContext2D,
  theme: Theme,
  x: number,
  y: number,
  width: number,
  height: number,
): void {
  context.lineWidth = 1;
  if (Math.min(width, height) < 6) {
    // Too small to draw in: around it instead.
    context.strokeStyle = theme.foreground;
    context.strokeRect(x - 1.5, y - 1.5, width + 3, height + 3);
    context.strokeStyle = theme.background;
    context.strokeRect(x - 2.5, y - 2.5, width + 5, height + 5);
    return;
  }
  context.strokeStyle = theme.background;
  context.strokeRect(x + 1.5, y + 1.5, width - 3, height - 3);
  context.strokeStyle = theme.foreground;
  context.strokeRect(x + 0.5, y + 0.5, width - 1, height - 1);
}

function paintTokens(
  context: CanvasRenderingContext2D,
  picture: Picture,
  theme: Theme,
  rows: Range,
  columns: Range,
  x: (key: number) => number,
  y: (query: number) => number,
): void {
  const { layout, queryTokens, keyTokens, cursor, locked } = picture;
  const { left, top, cell } = layout;
  const step = Math.max(1, Math.ceil(lineHeight / cell));
  context.font = `${fontSize}px ${theme.font}`;
  context.textBaseline = 'middle';
  const marks = (range: Range, marked: readonly (number | undefined)[]): number[] => {
    const chosen = new Set(marked.filter((index) => index !== undefined));
    const all = Array.from({ length: range.count }, (_, index) => range.first + index);
    // A marked token is always named, and keeps its neighbours from being written over it.
    return all.filter((index) => {
      if (chosen.has(index)) return true;
      return index % step === 0 && ![...chosen].some((other) => Math.abs(other - index) < step);
    });
  };
  const write = (text: string, strong: boolean): void => {
    context.fillStyle = strong ? theme.foreground : theme.dim;
    context.font = `${strong ? '600 ' : ''}${fontSize}px ${theme.font}`;
    context.fillText(text, 0, 0);
  };

  context.save();
  context.beginPath();
  context.rect(0, top, left, context.canvas.height);
  context.clip();
  context.textAlign = 'right';
  for (const query of marks(rows, [cursor?.query, locked])) {
    context.save();
    context.translate(left - 6, Math.max(top + fontSize / 2, y(query) + cell / 2));
    write(
      elided(context, queryTokens[query]?.text ?? '', left - 12),
      query === cursor?.query || query === locked,
    );
    context.restore();
  }
  context.restore();

  context.save();
  context.beginPath();
  context.rect(left, 0, context.canvas.width, top);
  context.clip();
  context.textAlign = 'left';
  for (const key of marks(columns, [cursor?.key])) {
    context.save();
    context.translate(Math.max(left + fontSize / 2, x(key) + cell / 2), top - 6);
    context.rotate(-Math.PI / 2);
    write(elided(context, keyTokens[key]?.text ?? '', top - 12), key === cursor?.key);
    context.restore();
  }
  context.restore();
}

/** The gutters' corner says which axis is which, and that weights are random. */
function paintCorner(
  context: CanvasRenderingContext2D,
  { layout, axes, warning }: Picture,
  theme: Theme,
): void {
  const { left, top } = layout;
  context.textBaseline = 'alphabetic';
  context.textAlign = 'right';
  context.font = `italic ${fontSize}px ${theme.font}`;
  context.fillStyle = theme.dim;
  context.fillText(`${axes.key} →`, left - 6, top - 20);
  context.fillText(`${axes.query} ↓`, left - 6, top - 6);
  if (warning === undefined) return;
  context.textAlign = 'left';
  context.font = `600 ${fontSize}px ${theme.font}`;
  context.fillStyle = theme.warning;
  let line = '';
  let baseline = fontSize + 2;
  for (const word of [...warning.split(' '), '']) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (word !== '' && context.measureText(longer).width <= left - 8) {
      line = longer;
      continue;
    }
    context.fillText(line, 4, baseline);
    baseline += lineHeight;
    line = word;
  }
}
