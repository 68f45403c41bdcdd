/** Which marks mean what, and which are drawn. */
import type { SharedThing } from '../../src/core/sharing/graph';
import { grouped, useWords } from '../shared/words';
import { MarkIcon } from './MarkIcon';
import { marks, type Mark } from './ties';

export function Legend(props: {
  readonly shared: readonly SharedThing[];
  readonly shown: readonly Mark[];
  readonly onShow: (marks: readonly Mark[]) => void;
}) {
  const { shared, shown, onShow } = props;
  const words = useWords();
  return (
    <fieldset class="legend">
      <legend class="hidden-visually">{words('graph.legend')}</legend>
      {marks.map((mark) => {
        const count = shared.filter((thing) => thing.mark === mark).length;
        return (
          <label key={mark} class={`legend-item mark-${mark}`} title={words(`mark.${mark}.help`)}>
            <input
              type="checkbox"
              checked={shown.includes(mark)}
              disabled={count === 0}
              onChange={({ currentTarget }) =>
                onShow(
                  marks.filter((other) => (other === mark ? currentTarget.checked : shown.includes(other))),
                )
              }
            />
            <svg class="line-sample" width="18" height="12" viewBox="0 0 18 12" aria-hidden="true">
              <path class="tie-line" d="M0 6h18" />
            </svg>
            <MarkIcon mark={mark} />
            <span>{words(`mark.${mark}`)}</span>
            <span class="dim number">{grouped(count)}</span>
          </label>
        );
      })}
      <span class="legend-item" title={words('mark.folded.help')}>
        <MarkIcon mark="folded" />
        <span class="times-badge">{words('graph.times', 'N')}</span>
        <span>{words('mark.folded')}</span>
      </span>
    </fieldset>
  );
}
