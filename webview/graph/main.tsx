/** Entry of the graph panel: asks the host what to show, then shows it. */
import '../shared/shared.css';
import './graph.css';
import './picture.css';
import './ledger.css';
import { render } from 'preact';
import { Notice } from '../shared/Notice';
import { hostChannel, keptState } from '../shared/vscode';
import { wordsOf, WordsContext } from '../shared/words';
import { App } from './App';
import { Session } from './session';
import { restored } from './viewState';

const root = document.getElementById('root')!;
const session = new Session(hostChannel);

async function start(): Promise<void> {
  try {
    const { state, strings, title } = await session.host.ready();
    const initial = restored(keptState(), state);
    document.title = title;
    render(
      <WordsContext.Provider value={wordsOf(strings)}>
        <App session={session} initial={initial} />
      </WordsContext.Provider>,
      root,
    );
  } catch (error) {
    const words = wordsOf({});
    const message = error instanceof Error ? error.message : String(error);
    render(
      <Notice kind="error" text={words('common.failed', message)}>
        <button class="plain-button" onClick={() => void start()}>
          {words('common.retry')}
        </button>
      </Notice>,
      root,
    );
  }
}

void start();
