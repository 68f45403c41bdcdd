/** The picture of one head: scrolls under tokens that stay, follows pointer and keys with a cell cursor. */
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Token } from '../../src/protocol/run';
import { prepare, usePixelRatio, useSize } from '../shared/pixels';
import type { Theme } from '../shared/theme';
import { useWords } from '../shared/words';
import { rampOf } from './colours';
import { fittingCell, hitOf, type HeadLayout } from './headLayout';
import { fontSize, paintHead } from './paintHead';
import type { Cell, Matrix } from './reading';
import type { Display } from './viewState';

/** Room in the corner for a warning above the names of the axes. */
const warningHeight = 88;

export interface HeadCanvasProps {
  readonly label: string;
  readonly matrix: Matrix;
  readonly queryTokens: readonly Token[];
  readonly keyTokens: readonly Token[];
  readonly theme: Theme;
  readonly display: Display;
  readonly warning: string | undefined;
  /** Side of a cell; undefined fits the picture into the room there is. */
  readonly cell: number | undefined;
  readonly cursor: Cell | undefined;
  readonly locked: number | undefined;
  readonly onCursor: (move: (old: Cell | undefined) => Cell | undefined) => void;
  readonly onLock: (row: number) => void;
  /** Tells which side of a cell is drawn. */
  readonly onCell: (side: number) => void;
}

export function HeadCanvas(props: HeadCanvasProps) {
  const { matrix, queryTokens, keyTokens, theme, display, cursor, locked, onCell } = props;
  const words = useWords();
  const scroller = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const size = useSize(scroller);
  const ratio = usePixelRatio();
  const [scroll, setScroll] = useState({ left: 0, top: 0 });
  const limit = size.width < 480 ? 64 : 132;
  const left = useGutter(queryTokens, theme, limit);
  const top = Math.max(useGutter(keyTokens, theme, limit), props.warning === undefined ? 0 : warningHeight);
  const cell = props.cell ?? fittingCell(size, left, top, matrix.queries, matrix.keys);
  const layout: HeadLayout = { left, top, cell, queries: matrix.queries, keys: matrix.keys };
  useEffect(() => onCell(cell), [cell, onCell]);

  /** Set while the cursor moves by keys: then it is kept in sight. */
  const byKey = useRef(false);
  useLayoutEffect(() => {
    if (byKey.current && cursor !== undefined && scroller.current !== null) {
      keepInSight(scroller.current, layout, cursor);
    }
    byKey.current = false;
  }, [cursor]);
  useLayoutEffect(() => {
    if (canvas.current === null || size.width === 0) return;
    const context = prepare(canvas.current, size, ratio);
    const high = display.scale === 'unit' ? 1 : matrix.largest;
    const axes = { query: words('head.query'), key: words('head.key') };
    const { warning } = props;
    const ramp = rampOf(display.colours);
    const picture = { matrix, queryTokens, keyTokens, layout, ramp, high, cursor, locked, warning, axes };
    paintHead(context, picture, theme, size, scroll, ratio);
  });

  const point = (event: MouseEvent): ReturnType<typeof hitOf> => {
    const box = canvas.current!.getBoundingClientRect();
    return hitOf(layout, { x: event.clientX - box.left, y: event.clientY - box.top }, scroll);
  };
  const follow = (event: MouseEvent): void => {
    const hit = point(event);
    const token =
      hit?.type === 'query' ? queryTokens[hit.query] : hit?.type === 'key' ? keyTokens[hit.key] : undefined;
    canvas.current!.title = token === undefined ? '' : `${token.text} (${token.id})`;
    if (hit?.type === 'cell') props.onCursor(() => ({ query: locked ?? hit.query, key: hit.key }));
  };
  const click = (event: MouseEvent): void => {
    const hit = point(event);
    if (hit?.type === 'cell' || hit?.type === 'query') props.onLock(hit.query);
    if (hit?.type === 'cell') props.onCursor(() => ({ query: hit.query, key: hit.key }));
  };
  const keyDown = (event: KeyboardEvent): void => {
    if (event.altKey || event.metaKey) return;
    if ((event.key === 'Enter' || event.key === ' ') && cursor !== undefined) props.onLock(cursor.query);
    else {
      const { key, ctrlKey } = event;
      if (movedCursor(key, ctrlKey, cursor, locked, layout) === undefined) return;
      byKey.current = true;
      props.onCursor((old) => movedCursor(key, ctrlKey, old, locked, layout) ?? old);
    }
    event.preventDefault();
  };

  return (
    <div
      class="head-scroll"
      ref={scroller}
      tabIndex={0}
      role="application"
      aria-label={props.label}
      onScroll={({ currentTarget }) =>
        setScroll({ left: currentTarget.scrollLeft, top: currentTarget.scrollTop })
      }
      onKeyDown={keyDown}
    >
      <canvas
        ref={canvas}
        class="head-canvas"
        data-left={left}
        data-top={top}
        data-cell={cell}
        onPointerMove={follow}
        onClick={click}
      />
      <div
        class="head-extent"
        style={{ width: `${left + matrix.keys * cell}px`, height: `${top + matrix.queries * cell}px` }}
      />
    </div>
  );
}

/** Room for the longest of the tokens, up to `limit`, and at least for the words in the corner. */
function useGutter(tokens: readonly Token[], theme: Theme, limit: number): number {
  return useMemo(() => {
    const context = new OffscreenCanvas(1, 1).getContext('2d');
    if (context === null) return limit;
    context.font = `600 ${fontSize}px ${theme.font}`;
    let widest = 56;
    for (const { text } of tokens) {
      if (text.length > 1) widest = Math.max(widest, context.measureText(text.slice(0, 40)).width);
      if (widest >= limit) return limit;
    }
    return Math.ceil(widest) + 12;
  }, [tokens, theme.font, limit]);
}

/** Where a key leads the cursor; in a locked row it stays. Undefined for keys that are not the picture's. */
function movedCursor(
  key: string,
  far: boolean,
  cursor: Cell | undefined,
  locked: number | undefined,
  { queries, keys }: HeadLayout,
): Cell | undefined {
  const at = (query: number, column: number): Cell => ({
    query: locked ?? Math.min(queries - 1, Math.max(0, query)),
    key: Math.min(keys - 1, Math.max(0, column)),
  });
  const from = cursor ?? { query: locked ?? 0, key: 0 };
  if (cursor === undefined && /^(Arrow|Home|End|Page)/.test(key)) return at(from.query, from.key);
  switch (key) {
    case 'ArrowLeft':
      return at(from.query, from.key - 1);
    case 'ArrowRight':
      return at(from.query, from.key + 1);
    case 'ArrowUp':
      return at(from.query - 1, from.key);
    case 'ArrowDown':
      return at(from.query + 1, from.key);
    case 'PageUp':
      return at(from.query - 10, from.key);
    case 'PageDown':
      return at(from.query + 10, from.key);
    case 'Home':
      return at(far ? 0 : from.query, 0);
    case 'End':
      return at(far ? queries - 1 : from.query, keys - 1);
    default:
      return undefined;
  }
}

function keepInSight(element: HTMLElement, { left, top, cell }: HeadLayout, { query, key }: Cell): void {
  const x = key * cell;
  const y = query * cell;
  const width = element.clientWidth - left - cell;
  const height = element.clientHeight - top - cell;
  if (x < element.scrollLeft) element.scrollLeft = x;
  if (x > element.scrollLeft + width) element.scrollLeft = x - width;
  if (y < element.scrollTop) element.scrollTop = y;
  if (y > element.scrollTop + height) element.scrollTop = y - height;
}
