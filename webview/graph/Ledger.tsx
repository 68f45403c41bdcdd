/** Each shared thing in a line: its users, what is held once, what that saves, and how we know. */
import type { SharedThing, SharingGraph } from '../../src/core/sharing/graph';
import { grouped, useWords, type Words } from '../shared/words';
import { MarkIcon } from './MarkIcon';
import { marks, type Mark } from './ties';

export function Ledger(props: {
  readonly graph: SharingGraph;
  readonly shown: readonly Mark[];
  readonly chosen: SharedThing | undefined;
  readonly onChoose: (thing: SharedThing) => void;
}) {
  const { graph, shown, chosen, onChoose } = props;
  const words = useWords();
  const rows = graph.shared.filter(({ mark }) => shown.includes(mark));
  const hidden = graph.shared.length - rows.length;
  return (
    <div class="ledger">
      <div class="ledger-scroll" tabIndex={0} role="region" aria-label={words('graph.ledger')}>
        <table class="number">
          <thead>
            <tr>
              <th scope="col">{words('ledger.name')}</th>
              <th scope="col">{words('ledger.mark')}</th>
              <th scope="col">{words('ledger.users')}</th>
              <th scope="col">{words('ledger.shape')}</th>
              <th scope="col" class="right">
                {words('ledger.unique')}
              </th>
              <th scope="col" class="right">
                {words('ledger.applications')}
              </th>
              <th scope="col" class="right">
                {words('ledger.saves')}
              </th>
              <th scope="col">{words('ledger.evidence')}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((thing) => (
              <Row
                key={`${thing.mark} ${thing.name}`}
                thing={thing}
                chosen={thing === chosen}
                words={words}
                onChoose={() => onChoose(thing)}
              />
            ))}
          </tbody>
        </table>
        {graph.shared.length === 0 && <p class="dim">{words('graph.empty')}</p>}
        {hidden > 0 && <p class="dim">{words('graph.hiddenRows', grouped(hidden))}</p>}
      </div>
      <p class="totals number">
        <strong>
          {words('graph.total')}: {words('graph.parameters', grouped(graph.total))}
        </strong>
        <span class="dim">{words('graph.once')}</span>
        {marks.map((mark) => {
          const saves = rows.reduce((sum, thing) => sum + (thing.mark === mark ? thing.saves : 0), 0);
          return saves === 0 ? null : (
            <span key={mark} class={`mark-${mark}`}>
              <MarkIcon mark={mark} /> {words('ledger.saved', words(`mark.${mark}`), grouped(saves))}
            </span>
          );
        })}
      </p>
    </div>
  );
}

function Row(props: {
  readonly thing: SharedThing;
  readonly chosen: boolean;
  readonly words: Words;
  readonly onChoose: () => void;
}) {
  const { thing, chosen, words, onChoose } = props;
  return (
    <tr class={chosen ? 'chosen' : ''} onClick={onChoose}>
      <th scope="row">
        <button class="row-button" aria-pressed={chosen}>
          {thing.name}
        </button>
      </th>
      <td class={`mark-${thing.mark} mark-cell`}>
        <MarkIcon mark={thing.mark} /> {words(`mark.${thing.mark}`)}
      </td>
      <td title={thing.users.join('\n')}>
        <Users users={thing.users} />
      </td>
      <td>{thing.shape?.map(grouped).join(' × ')}</td>
      <td class="right">{grouped(thing.unique)}</td>
      <td class="right">{grouped(thing.applications)}</td>
      <td class="right">{grouped(thing.saves)}</td>
      <td>{words(`evidence.${thing.evidence}`)}</td>
    </tr>
  );
}

const few = 3;

function Users({ users }: { readonly users: readonly string[] }) {
  const lines = (names: readonly string[]) => names.map((name) => <div key={name}>{name}</div>);
  if (users.length <= few) return <>{lines(users)}</>;
  return (
    <details onClick={(event) => event.stopPropagation()}>
      <summary>
        {users[0]} … {users.length}
      </summary>
      {lines(users)}
    </details>
  );
}
