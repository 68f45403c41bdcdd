/** One head large: its picture or table, the exact value under the cursor, and the way to the other heads. */
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { RunHead, RunLayer, Token } from '../../src/protocol/run';
import { Notice } from '../shared/Notice';
import type { Theme } from '../shared/theme';
import { useWords } from '../shared/words';
import { DisplayBar } from './DisplayBar';
import { randomness } from './Facts';
import { HeadCanvas } from './HeadCanvas';
import { HeadTable } from './HeadTable';
import { zoomed } from './headLayout';
import { firstRandomLayer } from './randomness';
import { exactFloat32, type Cell, type Matrix } from './reading';
import { ReadOut } from './ReadOut';
import { messageOf, type Session, type SessionState } from './session';
import type { Display, View } from './viewState';

type Open = NonNullable<View['open']>;

export function HeadView(props: {
  readonly session: Session;
  readonly state: SessionState;
  readonly head: RunHead;
  readonly theme: Theme;
  readonly display: Display;
  readonly onDisplay: (part: Partial<Display>) => void;
  readonly open: Open;
  readonly onOpen: (open: View['open']) => void;
}) {
  const { session, state, head, theme, display, open, onOpen } = props;
  const words = useWords();
  const layer = head.layers[open.layer]!;
  const matrix = useHeadMap(session, state, open);
  const [cursor, setCursor] = useState<Cell>();
  const [locked, setLocked] = useState<number>();
  /** Side of a cell where it was chosen. */
  const [cell, setCell] = useState<number>();
  const [drawnCell, setDrawnCell] = useState(0);
  const onCell = useCallback(setDrawnCell, []);
  const view = useRef<HTMLDivElement>(null);
  useEffect(() => {
    setCursor(undefined);
    setLocked(undefined);
  }, [head.run, open.layer, open.head]);
  const ready = typeof matrix === 'object';
  // While a map is on its way the view itself has the focus, so that no key is lost; fields of the form keep theirs.
  useLayoutEffect(() => {
    const element = view.current;
    const active = document.activeElement;
    if (element === null || (active !== document.body && !element.contains(active))) return;
    (element.querySelector<HTMLElement>('.head-scroll') ?? element).focus();
  }, [ready]);

  const near = neighbours(head, open);
  const zoom = (direction: 1 | -1): void => setCell(zoomed(drawnCell, direction));
  const keyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key.startsWith('Arrow')) {
      toPicture(event, view.current!);
      return;
    }
    if (event.key === 'Escape') {
      if (locked !== undefined) setLocked(undefined);
      else onOpen(undefined);
    } else if (event.key === 'n' && near.next !== undefined) onOpen(near.next);
    else if (event.key === 'p' && near.previous !== undefined) onOpen(near.previous);
    else if (event.key === '+' || event.key === '=') zoom(1);
    else if (event.key === '-') zoom(-1);
    else if (event.key === '0') setCell(undefined);
    else return;
    event.preventDefault();
  };

  const { queries, keys } = tokensOf(head, layer);
  const row = head.layers.filter(({ place }) => place === layer.place).indexOf(layer);
  const group = Math.floor(open.head / (layer.heads / layer.keyValueHeads));
  const high =
    display.scale === 'unit'
      ? '1'
      : ready
        ? `${exactFloat32(matrix.largest)} (${words('head.scaleOfHead')})`
        : '';
  return (
    <div class="head-view" ref={view} tabIndex={-1} onKeyDown={keyDown}>
      <DisplayBar display={display} theme={theme} high={high} hasTable onChange={props.onDisplay} />
      <div class="head-bar">
        <button class="plain-button" onClick={() => onOpen(undefined)}>
          ← {words('head.back')}
        </button>
        <h2>{words('head.title', words(`place.${layer.place}`), row, open.head)}</h2>
        <span class="dim">
          {layer.keyValueHeads < layer.heads && `${words('head.group', group)} · `}
          {words('mask.title', words(`mask.${layer.mask}`))}
          <span class="path"> · {layer.path}</span>
        </span>
        <span class="buttons">
          <BarButton
            label={words('head.previous')}
            text="‹"
            go={near.previous && (() => onOpen(near.previous))}
          />
          <BarButton label={words('head.next')} text="›" go={near.next && (() => onOpen(near.next))} />
          {!display.table && (
            <>
              <BarButton label={words('head.zoomOut')} text="−" go={() => zoom(-1)} />
              <BarButton label={words('head.zoomIn')} text="+" go={() => zoom(1)} />
              <BarButton label={words('head.fit')} text={words('head.fit')} go={() => setCell(undefined)} />
            </>
          )}
        </span>
      </div>
      <ReadOut
        matrix={ready ? matrix : undefined}
        cursor={cursor}
        locked={locked}
        queryTokens={queries}
        keyTokens={keys}
      />
      {typeof matrix === 'string' && <Notice kind="error" text={matrix} />}
      {matrix === undefined && (
        <div class="empty dim">{words(open.layer < state.done ? 'common.loading' : 'grid.waiting')}</div>
      )}
      {ready && display.table && (
        <HeadTable matrix={matrix} layer={row} head={open.head} queryTokens={queries} keyTokens={keys} />
      )}
      {ready && !display.table && (
        <HeadCanvas
          label={words('head.picture', row, open.head)}
          matrix={matrix}
          queryTokens={queries}
          keyTokens={keys}
          theme={theme}
          display={display}
          warning={open.layer >= firstRandomLayer(head) ? randomness(head, words) : undefined}
          cell={cell}
          cursor={cursor}
          locked={locked}
          onCursor={setCursor}
          onLock={(query) => setLocked((old) => (old === query ? undefined : query))}
          onCell={onCell}
        />
      )}
    </div>
  );
}

/** Arrow keys on the bar above the picture, as after a click on a button there, go to the picture. */
function toPicture(event: KeyboardEvent, view: HTMLElement): void {
  const target = event.target as HTMLElement;
  const picture = view.querySelector<HTMLElement>('.head-scroll');
  if (picture === null || (target !== view && target.closest('.head-bar') === null)) return;
  event.preventDefault();
  picture.focus();
  picture.dispatchEvent(new KeyboardEvent('keydown', { key: event.key, bubbles: true, cancelable: true }));
}

function BarButton(props: {
  readonly label: string;
  readonly text: string;
  readonly go: (() => void) | undefined;
}) {
  return (
    <button
      class="plain-button"
      aria-label={props.label}
      title={props.label}
      disabled={props.go === undefined}
      onClick={() => props.go?.()}
    >
      {props.text}
    </button>
  );
}

/** Queries and keys of a layer: cross attention looks from the decoder's tokens at the encoder's. */
function tokensOf(
  head: RunHead,
  layer: RunLayer,
): { readonly queries: readonly Token[]; readonly keys: readonly Token[] } {
  const decoder = head.decoderTokens ?? head.tokens;
  const queries = layer.place === 'decoder' || layer.place === 'cross' ? decoder : head.tokens;
  const keys = layer.place === 'decoder' ? decoder : head.tokens;
  if (layer.slots !== true) return { queries, keys };
  return { queries, keys: Array.from({ length: layer.keys }, (_, id) => ({ id, text: String(id) })) };
}

/** The heads before and after, over the ends of layers. */
function neighbours(
  { layers }: RunHead,
  { layer, head }: Open,
): { readonly previous?: Open; readonly next?: Open } {
  const previous =
    head > 0
      ? { layer, head: head - 1 }
      : layer > 0
        ? { layer: layer - 1, head: layers[layer - 1]!.heads - 1 }
        : undefined;
  const next =
    head < layers[layer]!.heads - 1
      ? { layer, head: head + 1 }
      : layer < layers.length - 1
        ? { layer: layer + 1, head: 0 }
        : undefined;
  return { ...(previous === undefined ? {} : { previous }), ...(next === undefined ? {} : { next }) };
}

/** The map of the open head once its layer is done; a message where it could not be had. */
function useHeadMap(
  session: Session,
  { head, done, phase }: SessionState,
  open: Open,
): Matrix | string | undefined {
  const [got, setGot] = useState<{ readonly key: string; readonly value: Matrix | string }>();
  const key = `${head?.run ?? 0} ${open.layer} ${open.head}`;
  const ready = open.layer < done && phase !== 'starting';
  useEffect(() => {
    if (!ready) return;
    let wanted = true;
    session.headMap(open.layer, open.head).then(
      (value) => wanted && setGot({ key, value }),
      (error: unknown) => wanted && setGot({ key, value: messageOf(error) }),
    );
    return () => {
      wanted = false;
    };
  }, [session, key, ready]);
  return got?.key === key ? got.value : undefined;
}
