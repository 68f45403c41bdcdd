/** The part of the picture that is made: what is seen and as much again around it, so that panning shows no gaps. */
import type { Point } from './arrange';

export interface Region extends Point {
  readonly width: number;
  readonly height: number;
}

/** The region around the view; `old` as long as it still holds the view and is not much larger. */
export function regionOf(
  transform: { readonly k: number; readonly x: number; readonly y: number },
  view: { readonly clientWidth: number; readonly clientHeight: number },
  old: Region | undefined,
): Region {
  const width = view.clientWidth / transform.k;
  const height = view.clientHeight / transform.k;
  const x = -transform.x / transform.k;
  const y = -transform.y / transform.k;
  const holds =
    old !== undefined &&
    old.x <= x &&
    old.y <= y &&
    old.x + old.width >= x + width &&
    old.y + old.height >= y + height;
  if (holds && old.width <= 6 * width) return old;
  return { x: x - width, y: y - height, width: 3 * width, height: 3 * height };
}

/** Whether any of a box is in the region; everything is, before there is one. */
export function isIn(region: Region | undefined, box: Region): boolean {
  return (
    region === undefined ||
    (box.x <= region.x + region.width &&
      box.x + box.width >= region.x &&
      box.y <= region.y + region.height &&
      box.y + box.height >= region.y)
  );
}

export function extentOf(points: readonly Point[]): Region {
  const xs = points.map(({ x }) => x);
  const ys = points.map(({ y }) => y);
  const x = Math.min(...xs);
  const y = Math.min(...ys);
  return { x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y };
}
