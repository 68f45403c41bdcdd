/** Entry of the heatmap panel: asks the host what to show, then shows it. */
import '../shared/shared.css';
import './heatmap.css';
import './grid.css';
import './head.css';
import { render } from 'preact';
import { Notice } from '../shared/Notice';
import { hostChannel, keptState } from '../shared/vscode';
import { wordsOf, WordsContext } from '../shared/words';
import { App } from './App';
import { messageOf, Session } from './session';
import { restored } from './viewState';

const root = document.getElementById('root')!;
const session = new Session(hostChannel);

async function start(): Promise<void> {
  try {
    const { state, strings, title } = await session.host.ready();
    const view = restored(keptState(), state);
    document.title = title;
    render(
      <WordsContext.Provider value={wordsOf(strings)}>
        <App session={session} initial={view} />
      </WordsContext.Provider>,
      root,
    );
  } catch (error) {
    const words = wordsOf({});
    render(
      <Notice kind="error" text={words('common.failed', messageOf(error))}>
        <button class="plain-button" onClick={() => void start()}>
          {words('common.retry')}
        </button>
      </Notice>,
      root,
    );
  }
}

void start();
