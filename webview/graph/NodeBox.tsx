/** One module in the picture: a leaf's or closed module's box, or an open module's frame with its heading. */
import { useWords } from '../shared/words';
import type { BoxText } from './boxText';
import type { Box } from './layout';

export function NodeBox(props: {
  readonly box: Box;
  readonly text: BoxText;
  readonly badgeWidth: number;
  readonly nameWidth: number;
}) {
  const { box, text, badgeWidth, nameWidth } = props;
  const { node, x, y, width, height, open, hasChildren } = box;
  const words = useWords();
  const indent = hasChildren ? 24 : 12;
  return (
    <g
      class={`node ${open ? 'open' : 'closed'}${node.count > 1 ? ' folded' : ''}`}
      transform={`translate(${x} ${y})`}
      data-node={node.id}
    >
      <title>
        {[node.id, node.kind, node.detail, text.parameters].filter((line) => line !== '').join('\n')}
      </title>
      {node.count > 1 && (
        <g class="stack">
          <rect x="8" y="-8" width={width} height={height} rx="4" />
          <rect x="4" y="-4" width={width} height={height} rx="4" />
        </g>
      )}
      <rect class="box" width={width} height={height} rx="4" />
      {hasChildren && (
        <g class="chevron" data-toggle={node.id}>
          <title>{words(open ? 'graph.close' : 'graph.open', text.name)}</title>
          <rect width="24" height="28" />
          <path d={open ? 'M8 12l4 4l4 -4' : 'M10 10l4 4l-4 4'} />
        </g>
      )}
      <text class="name" x={indent} y="18">
        {text.name}
      </text>
      {text.times !== '' && (
        <g class="times" transform={`translate(${indent + nameWidth + 8} 6)`}>
          <rect width={badgeWidth} height="16" rx="8" />
          <text x={badgeWidth / 2} y="12" text-anchor="middle">
            {text.times}
          </text>
        </g>
      )}
      {open ? (
        <text class="parameters" x={width - 12} y="18" text-anchor="end">
          {text.parameters}
        </text>
      ) : (
        <>
          <text class="detail" x="12" y="34">
            {text.detail}
          </text>
          <text class="parameters" x="12" y="50">
            {text.parameters}
          </text>
        </>
      )}
    </g>
  );
}
