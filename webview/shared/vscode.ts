/** The webview's end of the channel to the host, and the state that VS Code keeps for a view. */
import { useCallback, useState } from 'preact/hooks';
import type { Channel } from '../../src/protocol/rpc';

/** What VS Code gives a webview, once. */
interface VsCodeApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}

declare function acquireVsCodeApi(): VsCodeApi;

const api = acquireVsCodeApi();

export const hostChannel: Channel = {
  post: (message) => api.postMessage(message),
  listen: (receive) =>
    window.addEventListener('message', (event: MessageEvent<unknown>) => receive(event.data)),
};

/** The state that was kept before the view was hidden or the window reloaded. */
export function keptState(): unknown {
  return api.getState();
}

/** Changes some of a state; a function gets the state as it is by then, which several keys in one frame need. */
export type Change<S> = (part: Partial<S> | ((old: S) => Partial<S>)) => void;

/** Component state whose every value is kept by VS Code as well. */
export function useKeptState<S extends object>(initial: S): [S, Change<S>] {
  const [state, setState] = useState(() => {
    // Kept from the start: without a state a reload of the window could not tell what the view was of.
    api.setState(initial);
    return initial;
  });
  const change = useCallback<Change<S>>((part) => {
    setState((old) => {
      const next = { ...old, ...(typeof part === 'function' ? part(old) : part) };
      api.setState(next);
      return next;
    });
  }, []);
  return [state, change];
}
