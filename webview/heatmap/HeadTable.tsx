/** The picture's twin: the same values as a table, bounded so that it stays quick. */
import type { Token } from '../../src/protocol/run';
import { useWords } from '../shared/words';
import type { Matrix } from './reading';

const most = 128;

export function HeadTable(props: {
  readonly matrix: Matrix;
  readonly layer: number;
  readonly head: number;
  readonly queryTokens: readonly Token[];
  readonly keyTokens: readonly Token[];
}) {
  const { matrix, queryTokens, keyTokens } = props;
  const words = useWords();
  const rows = Math.min(most, matrix.queries);
  const columns = Math.min(most, matrix.keys);
  const indices = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
  return (
    <div class="table-scroll" tabIndex={0} role="region" aria-label={words('head.table')}>
      {(rows < matrix.queries || columns < matrix.keys) && (
        <p class="dim">{words('head.tableBounded', rows, columns, matrix.queries, matrix.keys)}</p>
      )}
      <table class="head-table number">
        <caption>{words('head.tableCaption', props.layer, props.head)}</caption>
        <thead>
          <tr>
            <td />
            {indices(columns).map((key) => (
              <th key={key} scope="col" title={keyTokens[key]?.text}>
                <bdi>{keyTokens[key]?.text}</bdi>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {indices(rows).map((query) => (
            <tr key={query}>
              <th scope="row" title={queryTokens[query]?.text}>
                <bdi>{queryTokens[query]?.text}</bdi>
              </th>
              {indices(columns).map((key) => {
                const value = matrix.values[query * matrix.keys + key]!;
                return Number.isNaN(value) ? (
                  <td key={key} class="dim masked">
                    {words('head.masked')}
                  </td>
                ) : (
                  <td key={key}>{value.toFixed(4)}</td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
