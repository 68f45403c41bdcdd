/** The input of the run: text or token ids, the decoder's where there is one, and the seed where weights are random. */
import { useId, useState } from 'preact/hooks';
import type { RunHead, RunInput } from '../../src/protocol/run';
import { Button, Dropdown, TextArea, TextField } from '../controls';
import { useWords } from '../shared/words';
import { draftOf, parseDraft, type Draft } from './runInput';

export function InputForm(props: {
  readonly input: RunInput;
  readonly seed: number;
  readonly head: RunHead | undefined;
  readonly busy: boolean;
  readonly onRun: (input: RunInput, seed: number) => void;
  readonly onCancel: () => void;
}) {
  const { head, busy } = props;
  const words = useWords();
  const [draft, setDraft] = useState<Draft>(() => draftOf(props.input, props.seed));
  const [error, setError] = useState<string>();
  const errorId = useId();
  const edit = (part: Partial<Draft>): void => setDraft((old) => ({ ...old, ...part }));

  const run = (): void => {
    const parsed = parseDraft(draft, words);
    setError('error' in parsed ? parsed.error : undefined);
    if (!('error' in parsed)) props.onRun(parsed.input, parsed.seed);
  };
  const keyDown = (event: KeyboardEvent): void => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    run();
  };

  const ids = draft.type === 'ids';
  const takesText = head?.tokenizer !== 'none';
  const hasDecoder = head?.decoderTokens !== undefined || draft.decoder !== '';
  const seeded = head === undefined || head.weights.type === 'seeded' || head.missing.length > 0;
  return (
    <div class="form" onKeyDown={keyDown} aria-describedby={error === undefined ? undefined : errorId}>
      {takesText && (
        <div class="texts">
          <TextArea
            label={words(ids ? 'run.inputIds' : 'run.input')}
            value={draft.text}
            rows={2}
            onInput={(text) => edit({ text })}
          />
          {draft.pair !== '' && !ids && (
            <TextArea
              label={words('run.pair')}
              value={draft.pair}
              rows={2}
              onInput={(pair) => edit({ pair })}
            />
          )}
          {hasDecoder && (
            <TextArea
              label={words(ids ? 'run.decoderIds' : 'run.decoder')}
              value={draft.decoder}
              rows={2}
              onInput={(decoder) => edit({ decoder })}
            />
          )}
        </div>
      )}
      <div class="actions">
        {takesText && (
          <Dropdown
            label={words('run.type')}
            value={draft.type}
            options={[
              { value: 'text', text: words('run.typeText') },
              { value: 'ids', text: words('run.typeIds') },
            ]}
            onChange={(type) => edit(switched(draft, type, head))}
          />
        )}
        {seeded && (
          <TextField
            label={words('run.seed')}
            value={draft.seed}
            size={8}
            onInput={(seed) => edit({ seed })}
          />
        )}
        <Button onClick={run}>{words('run.run')}</Button>
        {busy && (
          <Button secondary onClick={props.onCancel}>
            {words('run.cancel')}
          </Button>
        )}
        <span class="dim shortcut">{words('run.shortcut')}</span>
      </div>
      {error !== undefined && (
        <p class="field-error" id={errorId} role="alert">
          {error}
        </p>
      )}
    </div>
  );
}

/** Going over to ids starts from those of the last run; going back leaves the fields to be typed anew. */
function switched(draft: Draft, type: Draft['type'], head: RunHead | undefined): Partial<Draft> {
  if (type === draft.type) return {};
  if (type === 'text') return { type, text: '', pair: '', decoder: '' };
  const list = (tokens: RunHead['tokens'] | undefined): string => tokens?.map(({ id }) => id).join(' ') ?? '';
  return { type, text: list(head?.tokens), pair: '', decoder: list(head?.decoderTokens) };
}
