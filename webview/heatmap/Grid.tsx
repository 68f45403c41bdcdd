/** All layers and heads as thumbnails, one section for each place of attention. Only what is seen is made. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { RunHead } from '../../src/protocol/run';
import { usePixelRatio, useSize } from '../shared/pixels';
import type { Theme } from '../shared/theme';
import { useWords } from '../shared/words';
import { DisplayBar } from './DisplayBar';
import { GridSection, type GridPlace } from './GridSection';
import { measureGrid, sectionHeight, sectionsOf } from './layout';
import { firstRandomLayer } from './randomness';
import type { Session, SessionState } from './session';
import type { Display, View } from './viewState';

/** As in the style sheet. */
const paddingLeft = 16;

export function Grid(props: {
  readonly session: Session;
  readonly state: SessionState;
  readonly head: RunHead;
  readonly theme: Theme;
  readonly display: Display;
  readonly onDisplay: (part: Partial<Display>) => void;
  /** The head to stand on at first: the one that was shown large before. */
  readonly from: View['open'];
  readonly onOpen: (open: NonNullable<View['open']>) => void;
}) {
  const { session, state, head, theme, display, from, onOpen } = props;
  const words = useWords();
  const scroller = useRef<HTMLDivElement>(null);
  const inner = useSize(scroller);
  const size = { width: Math.max(0, inner.width - paddingLeft), height: inner.height };
  const ratio = usePixelRatio();
  const [scroll, setScroll] = useState({ left: 0, top: 0 });
  const sections = useMemo(() => sectionsOf(head), [head]);
  const firstRandom = useMemo(() => firstRandomLayer(head), [head]);
  const measure = measureGrid(sections, size.width);
  const [active, setActive] = useState<GridPlace>(() => placeOf(sections, from));
  /** Set by keys and by coming back: the active cell takes the focus and comes into sight. */
  const [focus, setFocus] = useState(from !== undefined);

  useEffect(() => {
    if (focus && scroller.current !== null && size.width > 0) bringIntoSight(scroller.current, active);
  }, [active, focus, size.width > 0]);

  function bringIntoSight(element: HTMLElement, place: GridPlace): void {
    let top = measure.title + place.row * measure.row;
    for (let index = 0; index < place.section; index++) top += sectionHeight(sections[index]!, measure);
    const left = place.head * measure.column;
    const height = element.clientHeight - measure.heads - measure.row;
    const width = element.clientWidth - paddingLeft - measure.label - measure.column;
    if (top < element.scrollTop) element.scrollTop = top;
    if (top > element.scrollTop + height) element.scrollTop = top - height;
    if (left < element.scrollLeft) element.scrollLeft = left;
    if (left > element.scrollLeft + width) element.scrollLeft = left - width;
  }

  const move = (event: KeyboardEvent): void => {
    const { key, ctrlKey } = event;
    if (moved(key, ctrlKey, active, sections) === undefined) return;
    event.preventDefault();
    setFocus(true);
    setActive((old) => moved(key, ctrlKey, old, sections) ?? old);
  };

  let top = 0;
  return (
    <>
      <DisplayBar
        display={display}
        theme={theme}
        high={display.scale === 'unit' ? '1' : words('head.scaleOfLayer')}
        hasTable={false}
        onChange={props.onDisplay}
      />
      <div
        class="grid-scroll"
        ref={scroller}
        onScroll={({ currentTarget }) =>
          setScroll({ left: currentTarget.scrollLeft, top: currentTarget.scrollTop })
        }
        onKeyDown={move}
      >
        {sections.map((section, index) => {
          const offset = top;
          top += sectionHeight(section, measure);
          return (
            <GridSection
              key={section.place}
              session={session}
              state={state}
              theme={theme}
              display={display}
              firstRandom={firstRandom}
              ratio={ratio}
              section={section}
              index={index}
              measure={measure}
              window={{ left: scroll.left, top: scroll.top - offset, width: size.width, height: size.height }}
              active={active}
              focus={focus}
              onActive={setActive}
              onOpen={onOpen}
            />
          );
        })}
        <p class="dim grid-hint">{words('grid.hint')}</p>
      </div>
    </>
  );
}

type Sections = ReturnType<typeof sectionsOf>;

function placeOf(sections: Sections, from: View['open']): GridPlace {
  for (const [section, { layers }] of sections.entries()) {
    const row = layers.findIndex(({ index }) => index === from?.layer);
    if (row >= 0) return { section, row, head: Math.min(from!.head, layers[row]!.heads - 1) };
  }
  return { section: 0, row: 0, head: 0 };
}

/** Where a key leads; undefined for keys that are not the grid's. */
function moved(
  key: string,
  far: boolean,
  { section, row, head }: GridPlace,
  sections: Sections,
): GridPlace | undefined {
  const layers = sections[section]!.layers;
  const last = layers[row]!.heads - 1;
  const at = (to: { section?: number; row?: number; head?: number }): GridPlace => {
    const place = { section, row, head, ...to };
    const heads = sections[place.section]!.layers[place.row]!.heads;
    return { ...place, head: Math.min(place.head, heads - 1) };
  };
  switch (key) {
    case 'ArrowLeft':
      return at({ head: Math.max(0, head - 1) });
    case 'ArrowRight':
      return at({ head: Math.min(last, head + 1) });
    case 'ArrowUp':
      if (row > 0) return at({ row: row - 1 });
      return section > 0
        ? at({ section: section - 1, row: sections[section - 1]!.layers.length - 1 })
        : at({});
    case 'ArrowDown':
      if (row < layers.length - 1) return at({ row: row + 1 });
      return section < sections.length - 1 ? at({ section: section + 1, row: 0 }) : at({});
    case 'PageUp':
      return at({ row: Math.max(0, row - 5) });
    case 'PageDown':
      return at({ row: Math.min(layers.length - 1, row + 5) });
    case 'Home':
      return at(far ? { row: 0, head: 0 } : { head: 0 });
    case 'End':
      return at(far ? { row: layers.length - 1, head: Infinity } : { head: last });
    default:
      return undefined;
  }
}
