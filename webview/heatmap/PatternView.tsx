/** In the place of maps, where a model can't be run: what each attention may look at, and how many pairs that are. */
import './pattern.css';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { Pattern, PatternLayers } from '../../src/protocol/run';
import { prepare } from '../shared/pixels';
import type { Theme } from '../shared/theme';
import { grouped, useWords } from '../shared/words';
import { drawThumbnail } from './Thumbnail';
import type { Display } from './viewState';

/** Side of a picture, in CSS pixels. */
const side = 96;

export function PatternView(props: {
  readonly pattern: Pattern;
  readonly theme: Theme;
  readonly display: Display;
}) {
  const words = useWords();
  return (
    <section class="pattern" aria-label={words('pattern.title')}>
      <h2>{words('pattern.title')}</h2>
      <p class="dim">{words('pattern.what')}</p>
      <ul>
        {props.pattern.layers.map((layers) => (
          <li key={layers.indices[0]}>
            <Picture layers={layers} theme={props.theme} display={props.display} />
            <Counts layers={layers} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Counts({ layers }: { readonly layers: PatternLayers }) {
  const words = useWords();
  const { heads, keyValueHeads, queries, keys, sequences, visible } = layers;
  const share = ((100 * visible) / (queries * keys)).toFixed(1);
  return (
    <div>
      <h3>{words(`place.${layers.place}`)}</h3>
      <p>{words('pattern.layers', ranges(layers.indices))}</p>
      <p>
        {words('grid.heads', grouped(heads))}
        {keyValueHeads < heads &&
          ` · ${words('grid.groups', grouped(keyValueHeads), grouped(heads / keyValueHeads))}`}
      </p>
      <p>{words('mask.title', words(`mask.${layers.mask}`))}</p>
      <p class="number">
        {words('pattern.pairs', grouped(queries), grouped(keys), grouped(visible), share)}
        {sequences > 1 && ` · ${words('pattern.sequences', grouped(sequences))}`}
      </p>
    </div>
  );
}

function Picture({
  layers,
  theme,
  display,
}: {
  readonly layers: PatternLayers;
  readonly theme: Theme;
  readonly display: Display;
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const ratio = window.devicePixelRatio;
  useLayoutEffect(() => {
    if (canvas.current === null) return;
    const context = prepare(canvas.current, { width: side, height: side }, ratio);
    const picture = { run: 0, layer: 0, maximum: 1, ...layers };
    drawThumbnail(context, side, ratio, 0, picture, theme, { ...display, scale: 'unit' });
  }, [layers, theme, display.colours, ratio]);
  return <canvas ref={canvas} aria-hidden="true" />;
}

/** 0–4, 6, 8–10: numbers that follow one another as ranges. */
export function ranges(numbers: readonly number[]): string {
  const parts: [number, number][] = [];
  for (const number of numbers) {
    const last = parts.at(-1);
    if (last !== undefined && last[1] === number - 1) last[1] = number;
    else parts.push([number, number]);
  }
  return parts.map(([from, to]) => (from === to ? `${from}` : `${from}–${to}`)).join(', ');
}
