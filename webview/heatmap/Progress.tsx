/** How far the run is, and why it stopped. */
import { Notice } from '../shared/Notice';
import { useWords } from '../shared/words';
import type { SessionState } from './session';
import { timeLeft } from './timeLeft';

export function Progress({ state }: { readonly state: SessionState }) {
  const words = useWords();
  const { phase, done, head } = state;
  const of = head?.layers.length ?? 0;
  if (phase === 'refused' && state.error !== undefined) {
    const help = head === undefined ? 'run.stillUsable' : 'run.olderPicture';
    return <Notice kind="error" text={state.error} help={words(help)} />;
  }
  if (phase === 'failed' && state.error !== undefined) {
    const text = words('run.failed', done, of, state.error);
    return <Notice kind="error" text={text} help={words('run.stillUsable')} />;
  }
  const text =
    phase === 'starting'
      ? words('run.starting')
      : phase === 'running'
        ? [words('run.progress', done, of), timeLeft(state.left, words)]
            .filter((part) => part !== '')
            .join(' · ')
        : phase === 'cancelled'
          ? words('run.cancelled', done, of)
          : phase === 'done'
            ? words('run.done', of)
            : '';
  return (
    <div class="progress" data-phase={phase}>
      <progress
        aria-label={text}
        max={Math.max(1, of)}
        {...(phase === 'starting' ? {} : { value: phase === 'done' ? Math.max(1, of) : done })}
      />
      <span class="dim" role="status">
        {text}
      </span>
    </div>
  );
}
