/** Sharing over the picture: edges beside the boxes, badges on them. */
import type { SharedThing } from '../../src/core/sharing/graph';
import { grouped, useWords } from '../shared/words';
import type { Layout } from './layout';
import { MarkShape } from './MarkIcon';
import { marks, type TieBadge, type Ties } from './ties';

export function TieLayer(props: {
  readonly ties: Ties;
  readonly layout: Layout;
  readonly chosen: SharedThing | undefined;
  readonly onChoose: (thing: SharedThing) => void;
}) {
  const { ties, layout, chosen, onChoose } = props;
  const words = useWords();
  const title = (things: readonly SharedThing[]): string =>
    things
      .slice(0, 8)
      .map(({ mark, name, applications, evidence }) =>
        [
          `${words(`mark.${mark}`)}: ${name}`,
          mark === 'repeatedModule' ? words('graph.runs', grouped(applications)) : '',
          `${words('ledger.evidence')}: ${words(`evidence.${evidence}`)}`,
        ]
          .filter((line) => line !== '')
          .join('\n'),
      )
      .join('\n');
  return (
    <g class="ties">
      {ties.edges.map(({ thing, from, to, ends, path, x, y }) => (
        <g
          key={`${thing.name} ${from} ${to}`}
          class={`tie mark-${thing.mark}${thing === chosen ? ' chosen' : ''}`}
          data-tie={thing.mark}
          data-from={from}
          data-to={to}
          onClick={() => onChoose(thing)}
        >
          <title>{title([thing])}</title>
          <path class="tie-target" d={path} />
          <path class="tie-line" d={path} />
          {ends.map((end) => (
            <circle key={`${end.x} ${end.y}`} cx={end.x} cy={end.y} r="3.5" />
          ))}
          <g transform={`translate(${x - 10} ${y - 10})`}>
            <rect class="badge-box" width="20" height="20" rx="10" />
            <g transform="translate(4 4)">
              <MarkShape mark={thing.mark} />
            </g>
          </g>
        </g>
      ))}
      {ties.badges.map((badge) => {
        const text = badgeText(badge);
        const width = 20 + (text === '' ? 0 : 4 + 7 * text.length);
        const { x, y } = badgeAt(badge, ties, layout, width);
        return (
          <g
            key={`${badge.mark} ${badge.node}`}
            class={`tie mark-${badge.mark}${badge.things.some((thing) => thing === chosen) ? ' chosen' : ''}`}
            data-badge={badge.mark}
            data-on={badge.node}
            transform={`translate(${x} ${y})`}
            onClick={() => onChoose(badge.things[0]!)}
          >
            <title>{title(badge.things)}</title>
            <rect class="badge-box" width={width} height="20" rx="10" />
            <g transform="translate(4 4)">
              <MarkShape mark={badge.mark} />
            </g>
            <text x="19" y="14">
              {text}
            </text>
          </g>
        );
      })}
    </g>
  );
}

/** How often a repeated module runs; how many things a badge stands for, where several. */
function badgeText({ mark, things }: TieBadge): string {
  if (mark === 'repeatedModule' && things.length === 1) return `×${things[0]!.applications}`;
  return things.length > 1 ? String(things.length) : '';
}

/** On the lower edge of a box, from the right; one beside the other where a box has several. */
function badgeAt(
  badge: TieBadge,
  { badges }: Ties,
  { boxes }: Layout,
  width: number,
): { x: number; y: number } {
  const box = boxes.get(badge.node)!;
  const before = badges.filter(
    ({ node, mark }) => node === badge.node && marks.indexOf(mark) < marks.indexOf(badge.mark),
  ).length;
  return { x: box.x + box.width - width - 8 - before * 48, y: box.y + (box.open ? 24 : box.height - 5) };
}
