/** The look of masked cells: a hatched grey of its own that no colour map has. */
import { rgb } from 'd3-color';
import { interpolateRgb } from 'd3-interpolate';
import type { Theme } from '../shared/theme';

/** Side of the repeated tile, in device pixels a CSS pixel of 1. */
const tile = 6;

/** Greys between the theme's background and foreground. */
export function hatchColours({ background, foreground }: Theme): {
  readonly ground: string;
  readonly line: string;
} {
  const between = interpolateRgb(rgb(background).copy({ opacity: 1 }), rgb(foreground).copy({ opacity: 1 }));
  return { ground: between(0.1), line: between(0.26) };
}

/** A diagonal hatch that fills a context scaled by `ratio`, in whole device pixels. */
export function hatch(context: CanvasRenderingContext2D, theme: Theme, ratio: number): CanvasPattern {
  const side = tile * Math.max(1, Math.round(ratio));
  const canvas = new OffscreenCanvas(side, side);
  const pen = canvas.getContext('2d');
  const { ground, line } = hatchColours(theme);
  if (pen !== null) {
    pen.fillStyle = ground;
    pen.fillRect(0, 0, side, side);
    pen.strokeStyle = line;
    pen.lineWidth = side / tile;
    pen.beginPath();
    for (const shift of [-side, 0, side]) {
      pen.moveTo(shift, side);
      pen.lineTo(shift + side, 0);
    }
    pen.stroke();
  }
  const pattern = context.createPattern(canvas, 'repeat');
  if (pattern === null) throw new Error('no canvas pattern');
  pattern.setTransform(new DOMMatrix().scale(1 / ratio));
  return pattern;
}
