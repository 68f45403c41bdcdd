/** The look of each mark: a shape of its own besides its colour. */
import type { SharingMark } from '../../src/core/sharing/graph';

const shapes: Record<SharingMark, string> = {
  // Two links of a chain.
  tiedTensor: 'M7 3.5h-2.5a2.5 2.5 0 0 0 0 5h2.5M5 8.5h2.5a2.5 2.5 0 0 0 0-5h-2.5M4.5 6h3',
  // An arrow that comes back.
  repeatedModule: 'M9.5 3.5a4.2 4.2 0 1 0 .7 3.2M10 1v3h-3',
  // One root, three branches.
  groupedHeads: 'M6 11v-4M6 7l-4-4v-1.5M6 7v-5.5M6 7l4-4v-1.5',
  // The same dot at every position.
  broadcast: 'M2 2h1.5M5.3 2h1.5M8.6 2h1.5M2 6h1.5M5.3 6h1.5M8.6 6h1.5M2 10h1.5M5.3 10h1.5M8.6 10h1.5',
  // Sheets on one another.
  folded: 'M1.5 4.5h6.5v6.5h-6.5zM3.5 4.5v-2h6.5v6.5h-2',
};

/** Drawn into an SVG, 12 × 12. */
export function MarkShape({ mark }: { readonly mark: SharingMark }) {
  return <path class={`mark-shape mark-${mark}`} d={shapes[mark]} />;
}

export function MarkIcon({ mark }: { readonly mark: SharingMark }) {
  return (
    <svg class="mark-icon" width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">
      <MarkShape mark={mark} />
    </svg>
  );
}
