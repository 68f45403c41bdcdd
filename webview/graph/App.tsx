/** The graph panel: the picture, its twin as a tree, and the ledger of sharing. */
import { useEffect, useState } from 'preact/hooks';
import { Notice } from '../shared/Notice';
import { useKeptState } from '../shared/vscode';
import { useWords } from '../shared/words';
import { GraphPane } from './GraphPane';
import type { Session } from './session';
import type { View } from './viewState';

export function App({ session, initial }: { readonly session: Session; readonly initial: View }) {
  const words = useWords();
  const [state, setState] = useState(session.state);
  const [view, setView] = useKeptState(initial);
  useEffect(() => {
    const stop = session.subscribe(() => setState(session.state));
    void session.load();
    return () => void stop();
  }, [session]);

  // Of a text that does not count the host says so twice: it refuses the graph and calls the shown one stale.
  const { graph } = state;
  const stale = graph === undefined ? undefined : state.stale;
  const error = stale === undefined ? state.error : undefined;
  return (
    <div class="panel graph">
      {error !== undefined && (
        <Notice kind="error" text={error}>
          <button class="plain-button" onClick={() => void session.load()}>
            {words('common.retry')}
          </button>
        </Notice>
      )}
      {stale !== undefined && <Notice kind="warning" text={words('graph.stale', stale)} />}
      {graph === undefined ? (
        <main class="empty dim">{error === undefined && words('common.loading')}</main>
      ) : (
        <GraphPane
          graph={graph}
          view={view}
          onView={setView}
          onReveal={(node) => void session.host.reveal(node)}
        />
      )}
    </div>
  );
}
