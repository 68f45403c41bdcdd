/** The picture of the graph: pans by drag, zooms by wheel, pinch, keys and buttons. */
import { select } from 'd3-selection';
import {
  zoom as d3Zoom,
  zoomIdentity,
  type D3ZoomEvent,
  type ZoomBehavior,
  type ZoomTransform,
} from 'd3-zoom';
import { useEffect, useImperativeHandle, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Ref } from 'preact';
import type { SharedThing } from '../../src/core/sharing/graph';
import { useSize } from '../shared/pixels';
import { extentOf, isIn, regionOf, type Region } from './region';
import type { BoxTexts } from './boxText';
import { DataEdges } from './DataEdges';
import type { Box, Layout } from './layout';
import { NodeBox } from './NodeBox';
import { TieLayer } from './TieLayer';
import type { Ties } from './ties';

/** What the panel's buttons and keys do with the picture. */
export interface PictureView {
  zoomBy(factor: number): void;
  fit(): void;
}

const margin = 24;
/** Room on the right for ties that run beside the model. */
const tieRoom = 72;
/** Below this scale texts can't be read, and are not drawn. */
const far = 0.28;
/** At first nothing is drawn smaller than can be read; the rest is reached by panning. */
const readable = 0.6;

export function Picture(props: {
  readonly view: Ref<PictureView>;
  readonly label: string;
  readonly layout: Layout;
  readonly texts: BoxTexts;
  readonly ties: Ties;
  readonly selected: string | undefined;
  /** A shared thing whose users are outlined, and the boxes in which they are. */
  readonly chosen: SharedThing | undefined;
  readonly outlined: readonly string[];
  /** The node that was opened or closed last: it stays where it is on the screen. */
  readonly anchor: string | undefined;
  readonly onSelect: (node: string) => void;
  readonly onToggle: (node: string) => void;
  readonly onReveal: (node: string) => void;
  readonly onChoose: (thing: SharedThing) => void;
  readonly onKeyDown: (event: KeyboardEvent) => void;
}) {
  const { layout, texts, ties, selected, outlined, anchor } = props;
  const frame = useRef<HTMLDivElement>(null);
  const svg = useRef<SVGSVGElement>(null);
  const content = useRef<SVGGElement>(null);
  const size = useSize(frame);
  const zoom = useRef<ZoomBehavior<SVGSVGElement, unknown>>(null);
  const transform = useRef<ZoomTransform>(zoomIdentity);
  const before = useRef<Layout>(null);
  /** The least scale of the last fit, as long as nothing has moved the picture since. */
  const fitted = useRef<number>(undefined);
  const [region, setRegion] = useState<Region>();

  useEffect(() => {
    const behaviour = d3Zoom<SVGSVGElement, unknown>()
      .scaleExtent([0.02, 4])
      .clickDistance(4)
      .on('zoom', (event: D3ZoomEvent<SVGSVGElement, unknown>) => {
        transform.current = event.transform;
        if (event.sourceEvent !== null) fitted.current = undefined;
        content.current?.setAttribute('transform', event.transform.toString());
        content.current?.classList.toggle('far', event.transform.k < far);
        setRegion((old) => regionOf(event.transform, frame.current!, old));
      });
    select(svg.current!).call(behaviour).on('dblclick.zoom', null);
    zoom.current = behaviour;
    return () => void select(svg.current!).on('.zoom', null);
  }, []);

  const moveTo = (to: ZoomTransform): void => {
    fitted.current = undefined;
    if (zoom.current !== null) select(svg.current!).call(zoom.current.transform.bind(zoom.current), to);
  };
  const fit = (least: number): void => {
    const width = layout.width + (ties.edges.length > 0 ? tieRoom : 8) + 2 * margin;
    const height = layout.height + 2 * margin;
    const across = Math.min(1, size.width / width);
    const whole = Math.min(across, size.height / height);
    // Where the whole is too small to be read, the width is fitted and the rest is below.
    const scale = whole >= least ? whole : Math.max(least, across);
    const x = Math.max(0, (size.width - width * scale) / 2) + margin * scale;
    const y = Math.max(0, (size.height - height * scale) / 2) + margin * scale;
    moveTo(zoomIdentity.translate(x, y).scale(scale));
    fitted.current = least;
  };
  useImperativeHandle(props.view, () => ({
    zoomBy: (factor) => {
      fitted.current = undefined;
      if (zoom.current !== null) select(svg.current!).call(zoom.current.scaleBy.bind(zoom.current), factor);
    },
    fit: () => fit(0.02),
  }));

  // The first layout fits the view; later ones keep the anchor in place.
  useLayoutEffect(() => {
    if (size.width === 0 || size.height === 0) return;
    const old = before.current;
    before.current = layout;
    if (old === null) {
      fit(readable);
      return;
    }
    const was = old.boxes.get(anchor ?? '');
    const is = layout.boxes.get(anchor ?? '');
    if (old === layout || was === undefined || is === undefined) return;
    moveTo(transform.current.translate(was.x - is.x, was.y - is.y));
  }, [layout, size.width > 0 && size.height > 0]);

  // A panel of another size shows the same as before: the whole, or what the user has moved to.
  useLayoutEffect(() => {
    if (fitted.current !== undefined && size.width > 0 && size.height > 0) fit(fitted.current);
  }, [size.width, size.height]);

  // A selected or outlined node comes into sight.
  const sought = props.chosen === undefined ? selected : outlined[0];
  useLayoutEffect(() => {
    const box = layout.boxes.get(sought ?? '');
    if (box === undefined || size.width === 0) return;
    const by = shiftIntoSight(box, transform.current, size);
    if (by.x !== 0 || by.y !== 0) moveTo(transform.current.translate(by.x, by.y));
  }, [sought, props.chosen]);

  const boxes = useMemo(
    () =>
      Array.from(layout.boxes.values())
        .filter((box) => isIn(region, box))
        .map((box) => {
          const text = texts.of(box.node);
          const badge = text.times === '' ? 0 : texts.width(text.times, false) + 12;
          return (
            <NodeBox
              key={box.node.id}
              box={box}
              text={text}
              badgeWidth={badge}
              nameWidth={texts.width(text.name, true)}
            />
          );
        }),
    [layout, texts, region],
  );
  const edges = useMemo(
    () => <DataEdges edges={layout.edges.filter(({ points }) => isIn(region, extentOf(points)))} />,
    [layout, region],
  );

  const nodeOf = (event: Event, attribute: 'node' | 'toggle'): string | undefined =>
    (event.target as Element).closest<SVGElement>(`[data-${attribute}]`)?.dataset[attribute];
  return (
    <div class="picture" ref={frame}>
      <svg
        ref={svg}
        tabindex={0}
        role="application"
        aria-label={props.label}
        onKeyDown={props.onKeyDown}
        onClick={(event) => {
          const toggle = nodeOf(event, 'toggle');
          const node = nodeOf(event, 'node');
          if (toggle !== undefined) props.onToggle(toggle);
          else if (node !== undefined) props.onSelect(node);
        }}
        onDblClick={(event) => {
          const node = nodeOf(event, 'node');
          if (node !== undefined && nodeOf(event, 'toggle') === undefined) props.onReveal(node);
        }}
      >
        <g ref={content}>
          {boxes}
          {edges}
          {outlined.map((id) => (
            <Ring key={id} box={layout.boxes.get(id)} kind="outlined" />
          ))}
          {selected !== undefined && <Ring box={layout.boxes.get(selected)} kind="selected" />}
          <TieLayer ties={ties} layout={layout} chosen={props.chosen} onChoose={props.onChoose} />
        </g>
      </svg>
    </div>
  );
}

function Ring({ box, kind }: { readonly box: Box | undefined; readonly kind: string }) {
  if (box === undefined) return null;
  const { x, y, width, height } = box;
  return <rect class={`ring ${kind}`} x={x - 3} y={y - 3} width={width + 6} height={height + 6} rx="6" />;
}

/** How far to move, in the picture's units, so that a box's heading is inside the view. */
function shiftIntoSight(
  box: Box,
  at: ZoomTransform,
  size: { readonly width: number; readonly height: number },
): { readonly x: number; readonly y: number } {
  const shift = (from: number, length: number, room: number): number => {
    if (from < margin) return (margin - from) / at.k;
    const over = from + length * at.k - (room - margin);
    return over > 0 ? -Math.min(over, from - margin) / at.k : 0;
  };
  return {
    x: shift(at.applyX(box.x), Math.min(box.width, 280), size.width),
    y: shift(at.applyY(box.y), Math.min(box.height, 60), size.height),
  };
}
