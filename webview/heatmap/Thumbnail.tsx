/** One head as a small picture; a cell of the grid. */
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { LayerThumbnails } from '../../src/protocol/run';
import { prepare } from '../shared/pixels';
import type { Theme } from '../shared/theme';
import { useWords } from '../shared/words';
import { bytePixels, rampOf } from './colours';
import { hatch } from './hatch';
import type { Display } from './viewState';

export function Thumbnail(props: {
  readonly label: string;
  readonly left: number;
  readonly thumb: number;
  readonly column: number;
  readonly ratio: number;
  readonly head: number;
  /** Undefined until the layer is computed. */
  readonly thumbnails: LayerThumbnails | undefined;
  /** Marks the corner of pictures made from random weights. */
  readonly random: boolean;
  readonly theme: Theme;
  readonly display: Display;
  /** Set where query heads share a K/V head: whether this one begins or ends the group. */
  readonly bracket: { readonly first: boolean; readonly last: boolean } | undefined;
  readonly active: boolean;
  /** Whether the active cell takes the keyboard focus. */
  readonly focus: boolean;
  readonly onActive: () => void;
  readonly onOpen: () => void;
}) {
  const { thumb, ratio, head, thumbnails, random, theme, display, bracket, active, focus } = props;
  const words = useWords();
  const cell = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    if (active && focus) cell.current?.focus({ preventScroll: true });
  }, [active, focus]);
  useLayoutEffect(() => {
    if (canvas.current === null || thumbnails === undefined) return;
    const context = prepare(canvas.current, { width: thumb, height: thumb }, ratio);
    drawThumbnail(context, thumb, ratio, head, thumbnails, theme, display);
    if (random) markRandom(context, thumb, theme);
  }, [thumb, ratio, head, thumbnails, random, theme, display.colours, display.scale]);
  return (
    <div
      ref={cell}
      role="gridcell"
      class="cell"
      aria-colindex={head + 2}
      aria-label={thumbnails === undefined ? `${props.label}, ${words('grid.waiting')}` : props.label}
      title={props.label}
      tabIndex={active ? 0 : -1}
      style={{ left: `${props.left}px`, width: `${thumb}px` }}
      onFocus={active ? undefined : props.onActive}
      onClick={props.onOpen}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' && event.key !== ' ') return;
        event.preventDefault();
        props.onOpen();
      }}
    >
      <div class="thumb" style={{ width: `${thumb}px`, height: `${thumb}px` }}>
        {thumbnails !== undefined && <canvas ref={canvas} aria-hidden="true" />}
      </div>
      {bracket !== undefined && (
        <div
          class={`bracket${bracket.first ? ' first' : ''}${bracket.last ? ' last' : ''}`}
          style={{ width: `${bracket.last ? thumb : props.column}px` }}
        />
      )}
    </div>
  );
}

/** Draws head `head` over a hatched ground, which shows where cells are masked. */
export function drawThumbnail(
  context: CanvasRenderingContext2D,
  side: number,
  ratio: number,
  head: number,
  { rows, columns, bytes, maximum }: LayerThumbnails,
  theme: Theme,
  { colours, scale }: Display,
): void {
  context.fillStyle = hatch(context, theme, ratio);
  context.fillRect(0, 0, side, side);
  const pixels = bytePixels(maximum, scale === 'unit' ? 1 : maximum, rampOf(colours));
  const image = new ImageData(columns, rows);
  const target = new Uint32Array(image.data.buffer);
  const source = new Uint8Array(bytes, head * rows * columns, rows * columns);
  for (let index = 0; index < source.length; index++) target[index] = pixels[source[index]!]!;
  const small = new OffscreenCanvas(columns, rows);
  small.getContext('2d')?.putImageData(image, 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(small, 0, 0, side, side);
}

/** A folded corner in the badge's colour; the badge above the grid says what it means. */
function markRandom(context: CanvasRenderingContext2D, side: number, theme: Theme): void {
  const corner = Math.max(5, side / 7);
  context.beginPath();
  context.moveTo(side - corner, 0);
  context.lineTo(side, 0);
  context.lineTo(side, corner);
  context.closePath();
  context.fillStyle = theme.warning;
  context.fill();
}
