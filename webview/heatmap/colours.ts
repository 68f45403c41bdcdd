/** Colour maps as tables, and turning attention into pixels. */
import { rgb } from 'd3-color';
import {
  interpolateCividis,
  interpolateGreys,
  interpolateMagma,
  interpolateViridis,
} from 'd3-scale-chromatic';

const interpolators = {
  viridis: interpolateViridis,
  cividis: interpolateCividis,
  magma: interpolateMagma,
  greys: interpolateGreys,
};

export type ColourMap = keyof typeof interpolators;

export const colourMaps = Object.keys(interpolators) as ColourMap[];

/** 256 steps of a map, as pixels (ABGR in one word, as ImageData holds them on little-endian machines). */
export type Ramp = Uint32Array;

const ramps = new Map<ColourMap, Ramp>();

export function rampOf(map: ColourMap): Ramp {
  let ramp = ramps.get(map);
  if (ramp === undefined) {
    ramp = new Uint32Array(256);
    for (let step = 0; step < 256; step++) {
      const { r, g, b } = rgb(interpolators[map](step / 255));
      ramp[step] = ((255 << 24) | (Math.round(b) << 16) | (Math.round(g) << 8) | Math.round(r)) >>> 0;
    }
    ramps.set(map, ramp);
  }
  return ramp;
}

/** The pixel of a probability where `largest` has the last colour; larger values have it too. */
export function pixelOf(value: number, largest: number, ramp: Ramp): number {
  const step = largest > 0 ? Math.round((value / largest) * 255) : 0;
  return ramp[Math.min(255, Math.max(0, step))]!;
}

const masked = 255;

/** Pixels of the 256 bytes of a thumbnail: 0–254 is value / `maximum` · 254; masked ones are transparent. */
export function bytePixels(maximum: number, largest: number, ramp: Ramp): Uint32Array {
  const pixels = new Uint32Array(256);
  for (let byte = 0; byte < masked; byte++) pixels[byte] = pixelOf((byte / 254) * maximum, largest, ramp);
  return pixels;
}
