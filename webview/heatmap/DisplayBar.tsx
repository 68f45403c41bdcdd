/** How the pictures are drawn: colours and their domain, printed on the scale, and the table instead of the picture. */
import { useLayoutEffect, useRef } from 'preact/hooks';
import { Checkbox, Dropdown } from '../controls';
import { prepare, usePixelRatio } from '../shared/pixels';
import type { Theme } from '../shared/theme';
import { useWords } from '../shared/words';
import { colourMaps, rampOf, type ColourMap } from './colours';
import { hatch } from './hatch';
import type { Display } from './viewState';

export function DisplayBar(props: {
  readonly display: Display;
  readonly theme: Theme;
  /** The probability that has the last colour, and of what it is the largest. */
  readonly high: string;
  /** Whether there is a table to show instead. */
  readonly hasTable: boolean;
  readonly onChange: (part: Partial<Display>) => void;
}) {
  const { display, theme, high, hasTable, onChange } = props;
  const words = useWords();
  return (
    <div class="display-bar">
      <Dropdown
        label={words('head.colours')}
        value={display.colours}
        options={colourMaps.map((map) => ({ value: map, text: words(`colours.${map}`) }))}
        onChange={(colours) => onChange({ colours })}
      />
      <Dropdown
        label={words('head.scale')}
        value={display.scale}
        options={[
          { value: 'unit', text: words('head.scaleUnit') },
          { value: 'largest', text: words('head.scaleLargest') },
        ]}
        onChange={(scale) => onChange({ scale })}
      />
      <ColourScale colours={display.colours} theme={theme} high={high} />
      {hasTable && (
        <Checkbox
          label={words('head.table')}
          checked={display.table}
          onChange={(table) => onChange({ table })}
        />
      )}
    </div>
  );
}

const ramp = { width: 120, height: 12 };
const swatch = { width: 18, height: 12 };

/** The colour scale with its domain, and the look of masked cells. */
function ColourScale(props: { readonly colours: ColourMap; readonly theme: Theme; readonly high: string }) {
  const { colours, theme, high } = props;
  const words = useWords();
  const ratio = usePixelRatio();
  const scale = useRef<HTMLCanvasElement>(null);
  const masked = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    if (scale.current === null || masked.current === null) return;
    const steps = new ImageData(256, 1);
    new Uint32Array(steps.data.buffer).set(rampOf(colours));
    const strip = new OffscreenCanvas(256, 1);
    strip.getContext('2d')?.putImageData(steps, 0, 0);
    prepare(scale.current, ramp, ratio).drawImage(strip, 0, 0, ramp.width, ramp.height);
    const context = prepare(masked.current, swatch, ratio);
    context.fillStyle = hatch(context, theme, ratio);
    context.fillRect(0, 0, swatch.width, swatch.height);
  }, [colours, theme, ratio]);
  return (
    <div class="colour-scale">
      <span class="dim">{words('head.probability')}</span>
      <span class="number">0</span>
      <canvas ref={scale} aria-hidden="true" />
      <span class="number domain-high">{high}</span>
      <span class="swatch">
        <canvas ref={masked} aria-hidden="true" />
        {words('head.masked')}
      </span>
    </div>
  );
}
