/** A mask's shape as a small mark: all, the lower triangle, a band of it, or triangles along it; a dot where no rule is known. */
import type { RunLayer } from '../../src/protocol/run';

const shapes: Record<RunLayer['mask'], string> = {
  full: 'M1 1h10v10h-10z',
  causal: 'M1 1v10h10z',
  slidingWindow: 'M1 1v4l6 6h4z',
  chunked: 'M1 1v5h5zM6 6v5h5z',
  nearChunks: 'M1 1h4v4h3v3h3v3h-4v-4h-3v-3h-3z',
  hashed: 'M1 1h2v2h-2zM5 1h2v2h-2zM3 4h2v2h-2zM8 5h2v2h-2zM1 8h2v2h-2zM6 8h2v2h-2z',
  ownBlock: 'M1 1h5v5h5v5h-5v-5h-5z',
  localBlocks: 'M1 1h4l6 6v4h-4l-6 -6z',
  localWindow: 'M1 1h4l6 6v4h-4l-6 -6z',
  windowGlobal: 'M1 1h10v2h-8l8 8h-4l-4 -4v4h-2z',
  blockSparse: 'M1 1h10v10h-2v-8h-6v6h6v2h-8z',
  computed: 'M4 4h4v4h-4z',
};

export function MaskMark({ mask, title }: { readonly mask: RunLayer['mask']; readonly title?: string }) {
  return (
    <svg
      class="mask-mark"
      width="12"
      height="12"
      viewBox="0 0 12 12"
      {...(title ? { role: 'img' } : { 'aria-hidden': true })}
    >
      {title !== undefined && <title>{title}</title>}
      <rect x="0.5" y="0.5" width="11" height="11" />
      <path d={shapes[mask]} />
    </svg>
  );
}
