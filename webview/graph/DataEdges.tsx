/** Data's way through the modules: quiet lines that end in arrows. */
import type { Point } from './arrange';
import type { PlacedEdge } from './layout';

export function DataEdges({ edges }: { readonly edges: readonly PlacedEdge[] }) {
  return (
    <g class="data-edges">
      {edges.map(({ from, to, points }) => (
        <g key={`${from} ${to}`} data-edge-from={from} data-edge-to={to}>
          <path class="data-line" d={smooth(points)} />
          <path class="data-arrow" d={arrow(points[points.length - 1]!)} />
        </g>
      ))}
    </g>
  );
}

/** Curves that leave and arrive upright, as data runs from top to bottom. */
function smooth([first, ...others]: readonly Point[]): string {
  let path = `M${first!.x} ${first!.y}`;
  let last = first!;
  for (const point of others) {
    const middle = (last.y + point.y) / 2;
    path += `C${last.x} ${middle} ${point.x} ${middle} ${point.x} ${point.y}`;
    last = point;
  }
  return path;
}

function arrow({ x, y }: Point): string {
  return `M${x - 4} ${y - 6}L${x} ${y}L${x + 4} ${y - 6}Z`;
}
