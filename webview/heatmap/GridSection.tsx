/** One place of attention: layers down, heads across, K/V groups bracketed. */
import { useEffect, useState } from 'preact/hooks';
import type { LayerThumbnails, RunLayer } from '../../src/protocol/run';
import type { Theme } from '../shared/theme';
import { grouped, useWords } from '../shared/words';
import { seen, sectionHeight, thumbnailSize, type GridMeasure, type Section } from './layout';
import { MaskMark } from './MaskMark';
import { messageOf, type Session, type SessionState } from './session';
import { Thumbnail } from './Thumbnail';
import type { Display, View } from './viewState';

/** A cell of the grid, by section, row in it, and head. */
export interface GridPlace {
  readonly section: number;
  readonly row: number;
  readonly head: number;
}

interface SectionProps {
  readonly session: Session;
  readonly state: SessionState;
  readonly theme: Theme;
  readonly display: Display;
  /** Index of the first layer whose maps come from random weights. */
  readonly firstRandom: number;
  readonly ratio: number;
  readonly section: Section;
  readonly index: number;
  readonly measure: GridMeasure;
  /** What is seen of the section, from its upper left corner. */
  readonly window: {
    readonly left: number;
    readonly top: number;
    readonly width: number;
    readonly height: number;
  };
  readonly active: GridPlace;
  readonly focus: boolean;
  readonly onActive: (place: GridPlace) => void;
  readonly onOpen: (open: NonNullable<View['open']>) => void;
}

export function GridSection(props: SectionProps) {
  const { section, measure, window, active, index } = props;
  const words = useWords();
  const head = measure.title + measure.heads;
  const [firstRow, lastRow] = seen(
    window.top - head,
    window.top + window.height - head,
    measure.row,
    section.layers.length,
  );
  const [firstColumn, lastColumn] = seen(
    window.left,
    window.left + window.width - measure.label,
    measure.column,
    section.heads,
  );
  const rows = range(firstRow, lastRow, active.section === index ? active.row : undefined);
  const columns = range(firstColumn, lastColumn, undefined);
  const name = words(`place.${section.place}`);
  return (
    <section
      style={{
        height: `${sectionHeight(section, measure)}px`,
        width: `${measure.label + section.heads * measure.column}px`,
      }}
    >
      <div class="section-title" style={{ height: `${measure.title}px`, maxWidth: `${window.width}px` }}>
        <h2>{name}</h2>
        <Summary section={section} />
      </div>
      <div
        role="grid"
        aria-label={words('grid.label', name)}
        aria-rowcount={section.layers.length + 1}
        aria-colcount={section.heads + 1}
        aria-readonly="true"
      >
        <div
          role="row"
          aria-rowindex={1}
          class="head-numbers dim number"
          style={{ height: `${measure.heads}px` }}
        >
          <span role="columnheader" aria-colindex={1} class="corner" style={{ width: `${measure.label}px` }}>
            {words('grid.layer')}
          </span>
          {columns.map((column) => (
            <span
              key={column}
              role="columnheader"
              aria-colindex={column + 2}
              aria-label={`${words('grid.head')} ${column}`}
              style={{ left: `${measure.label + column * measure.column}px`, width: `${measure.thumb}px` }}
            >
              {column}
            </span>
          ))}
        </div>
        {rows.map((row) => (
          <Row
            key={row}
            {...props}
            name={name}
            row={row}
            layer={section.layers[row]!}
            columns={columns}
            top={head + row * measure.row}
          />
        ))}
      </div>
    </section>
  );
}

function range(first: number, last: number, also: number | undefined): number[] {
  const all = Array.from({ length: last - first }, (_, index) => first + index);
  return also === undefined || (also >= first && also < last) ? all : [...all, also];
}

/** Layers, heads, groups and masks in a line. */
function Summary({ section }: { readonly section: Section }) {
  const words = useWords();
  const { layers, heads } = section;
  const { keyValueHeads } = layers[0]!;
  const alike = layers.every((layer) => layer.keyValueHeads === keyValueHeads && layer.heads === heads);
  const masks = [...new Set(layers.map(({ mask }) => mask))];
  return (
    <span class="dim summary">
      {words('grid.layers', grouped(layers.length))} · {words('grid.heads', grouped(heads))}
      {alike && keyValueHeads < heads && ` · ${words('grid.groups', keyValueHeads, heads / keyValueHeads)}`}
      {masks.map((mask) => (
        <span key={mask} class="mask-name">
          <MaskMark mask={mask} /> {words(`mask.${mask}`)}
        </span>
      ))}
    </span>
  );
}

interface RowProps extends SectionProps {
  readonly name: string;
  readonly row: number;
  readonly layer: RunLayer;
  readonly columns: readonly number[];
  readonly top: number;
}

function Row(props: RowProps) {
  const { session, state, layer, measure, active, index, row, name, top, onActive, onOpen } = props;
  const words = useWords();
  const thumbnails = useThumbnails(session, state, layer.index, thumbnailSize(measure.thumb, props.ratio));
  const group = layer.heads / layer.keyValueHeads;
  const here = active.section === index && active.row === row;
  const shown =
    here && !props.columns.includes(active.head) ? [...props.columns, active.head] : props.columns;
  return (
    <div
      role="row"
      class="row"
      aria-rowindex={row + 2}
      style={{ top: `${top}px`, height: `${measure.row}px` }}
    >
      <div
        role="rowheader"
        aria-colindex={1}
        class="row-label number"
        style={{ width: `${measure.label}px`, height: `${measure.thumb}px` }}
        title={layer.path}
      >
        <span>{row}</span>
        <MaskMark mask={layer.mask} title={words('mask.title', words(`mask.${layer.mask}`))} />
      </div>
      {typeof thumbnails === 'string' && (
        <div class="row-error" style={{ left: `${measure.label}px` }}>
          {words('grid.layerFailed', row, thumbnails)}
        </div>
      )}
      {shown
        .filter((head) => head < layer.heads)
        .map((head) => {
          const keyValueHead = Math.floor(head / group);
          const label =
            group > 1
              ? words('grid.cellGroup', name, row, head, keyValueHead)
              : words('grid.cell', name, row, head);
          return (
            <Thumbnail
              key={head}
              label={label}
              left={measure.label + head * measure.column}
              thumb={measure.thumb}
              column={measure.column}
              ratio={props.ratio}
              head={head}
              thumbnails={typeof thumbnails === 'string' ? undefined : thumbnails}
              random={layer.index >= props.firstRandom}
              theme={props.theme}
              display={props.display}
              bracket={
                group > 1 ? { first: head % group === 0, last: head % group === group - 1 } : undefined
              }
              active={here && active.head === head}
              focus={props.focus}
              onActive={() => onActive({ section: index, row, head })}
              onOpen={() => onOpen({ layer: layer.index, head })}
            />
          );
        })}
    </div>
  );
}

/** The thumbnails of a layer once it is done; a message where they could not be had. */
function useThumbnails(
  session: Session,
  { head, done, phase }: SessionState,
  layer: number,
  size: number,
): LayerThumbnails | string | undefined {
  const [got, setGot] = useState<{ readonly run: number; readonly value: LayerThumbnails | string }>();
  const run = head?.run ?? 0;
  const ready = layer < done && phase !== 'starting';
  useEffect(() => {
    if (!ready) return;
    let wanted = true;
    session.thumbnails(layer, size).then(
      (value) => wanted && setGot({ run, value }),
      (error: unknown) => wanted && setGot({ run, value: messageOf(error) }),
    );
    return () => {
      wanted = false;
    };
  }, [session, run, layer, size, ready]);
  return got?.run === run ? got.value : undefined;
}
