/** Where the grid's sections, rows and cells stand, in CSS pixels; nothing here is measured on the page. */
import type { RunHead, RunLayer } from '../../src/protocol/run';

/** The layers of one place, in the order of execution. */
export interface Section {
  readonly place: RunLayer['place'];
  readonly layers: readonly RunLayer[];
  /** Query heads of the layer that has most. */
  readonly heads: number;
}

export function sectionsOf({ layers }: RunHead): Section[] {
  const places = new Map<RunLayer['place'], RunLayer[]>();
  for (const layer of layers) {
    const known = places.get(layer.place);
    if (known === undefined) places.set(layer.place, [layer]);
    else known.push(layer);
  }
  return Array.from(places, ([place, all]) => ({
    place,
    layers: all,
    heads: Math.max(...all.map(({ heads }) => heads)),
  }));
}

export interface GridMeasure {
  /** Side of a thumbnail. */
  readonly thumb: number;
  /** From one thumbnail's left edge to the next. */
  readonly column: number;
  /** From one row's top to the next: thumbnail, bracket of the K/V group, gap. */
  readonly row: number;
  /** Width of the layers' numbers. */
  readonly label: number;
  readonly title: number;
  readonly heads: number;
}

const gap = 6;
const bracket = 6;
const smallest = 36;
const largest = 112;

/** Thumbnails as large as fit `width` for the widest section, within limits of legibility. */
export function measureGrid(sections: readonly Section[], width: number): GridMeasure {
  const label = 56;
  const heads = Math.max(1, ...sections.map((section) => section.heads));
  const fitting = Math.floor((width - label - gap) / heads) - gap;
  const thumb = Math.min(largest, Math.max(smallest, fitting));
  return { thumb, column: thumb + gap, row: thumb + bracket + gap, label, title: 32, heads: 20 };
}

export function sectionHeight(section: Section, measure: GridMeasure): number {
  return measure.title + measure.heads + section.layers.length * measure.row + 12;
}

/** First and last index (exclusive) of items of `size` that are seen between `from` and `to`, one more each way. */
export function seen(from: number, to: number, size: number, count: number): readonly [number, number] {
  const first = Math.max(0, Math.floor(from / size) - 1);
  const last = Math.min(count, Math.ceil(to / size) + 1);
  return [Math.min(first, count), Math.max(first, last)];
}

const sizes = [32, 48, 64, 96, 128, 192, 256];

/** Cells a side to ask for, so that a thumbnail of `thumb` CSS pixels is sharp; few sizes, so that few are asked. */
export function thumbnailSize(thumb: number, ratio: number): number {
  return sizes.find((size) => size >= thumb * ratio) ?? 256;
}
