/** The heatmap panel: what was run, the input, and the grid of heads or one head large. */
import { useEffect, useState } from 'preact/hooks';
import type { RunInput } from '../../src/protocol/run';
import { Button } from '../controls';
import { Notice } from '../shared/Notice';
import { useTheme } from '../shared/theme';
import { useKeptState } from '../shared/vscode';
import { useWords } from '../shared/words';
import { Facts } from './Facts';
import { Grid } from './Grid';
import { HeadView } from './HeadView';
import { InputForm } from './InputForm';
import { PatternView } from './PatternView';
import { Progress } from './Progress';
import type { Session, SessionState } from './session';
import type { Display, View } from './viewState';

function useSession(session: Session): SessionState {
  const [state, setState] = useState(session.state);
  useEffect(() => session.subscribe(() => setState(session.state)), [session]);
  return state;
}

export function App({ session, initial }: { readonly session: Session; readonly initial: View }) {
  const words = useWords();
  const theme = useTheme();
  const state = useSession(session);
  const [view, setView] = useKeptState(initial);
  /** The head that was shown last, to come back to in the grid. */
  const [left, setLeft] = useState(initial.open);
  useEffect(() => void session.run(initial.input, initial.seed), [session, initial]);

  const run = (input: RunInput, seed: number): void => {
    setView({ input, seed });
    void session.run(input, seed);
  };
  const show = (open: View['open']): void => {
    if (open === undefined) setLeft(view.open);
    setView({ open });
  };
  const display = (part: Partial<Display>): void => setView({ display: { ...view.display, ...part } });

  const { head } = state;
  const opened = view.open !== undefined ? head?.layers[view.open.layer] : undefined;
  const shown = opened !== undefined && view.open!.head < opened.heads ? view.open : undefined;
  const body = () => {
    if (state.pattern !== undefined) {
      return <PatternView pattern={state.pattern} theme={theme} display={view.display} />;
    }
    if (head === undefined) {
      return <p class="empty dim">{words(state.phase === 'starting' ? 'run.starting' : 'run.empty')}</p>;
    }
    if (head.layers.length === 0) return <p class="empty dim">{words('run.noLayers')}</p>;
    const shared = { session, state, head, theme, display: view.display, onDisplay: display, onOpen: show };
    return shown === undefined ? <Grid {...shared} from={left} /> : <HeadView {...shared} open={shown} />;
  };
  return (
    <div class="panel heatmap">
      <header>
        {head !== undefined && <Facts head={head} />}
        <InputForm
          input={view.input}
          seed={view.seed}
          head={head}
          busy={state.phase === 'starting' || state.phase === 'running'}
          onRun={run}
          onCancel={() => session.cancel()}
        />
      </header>
      {state.stale && (
        <Notice kind="warning" text={words('run.configChanged')}>
          <Button secondary onClick={() => void session.again()}>
            {words('run.again')}
          </Button>
        </Notice>
      )}
      {state.restarted !== undefined && (
        <Notice
          kind="warning"
          text={state.restarted}
          {...(state.restartedTwice === true ? { help: words('run.restartedTwice') } : {})}
        />
      )}
      <Progress state={state} />
      <main>{body()}</main>
    </div>
  );
}
