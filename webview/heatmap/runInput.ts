/** The run's input as text in fields, and back. */
import type { RunInput } from '../../src/protocol/run';
import type { Words } from '../shared/words';

/** What is typed, before it is known to be right. */
export interface Draft {
  readonly type: RunInput['type'];
  readonly text: string;
  readonly pair: string;
  readonly decoder: string;
  readonly seed: string;
}

export type Parsed = { readonly input: RunInput; readonly seed: number } | { readonly error: string };

export function draftOf(input: RunInput, seed: number): Draft {
  const base = { type: input.type, pair: '', seed: String(seed) };
  return input.type === 'ids'
    ? { ...base, text: input.ids.join(' '), decoder: input.decoder?.join(' ') ?? '' }
    : { ...base, text: input.text, pair: input.pair ?? '', decoder: input.decoder ?? '' };
}

/** The input to run, or what is wrong with the fields; empty `pair` and `decoder` are left out. */
export function parseDraft(draft: Draft, words: Words): Parsed {
  const seed = wholeNumber(draft.seed.trim());
  if (seed === undefined) return { error: words('run.badSeed', draft.seed) };
  if (draft.type === 'text') {
    return {
      input: {
        type: 'text',
        text: draft.text,
        ...(draft.pair === '' ? {} : { pair: draft.pair }),
        ...(draft.decoder === '' ? {} : { decoder: draft.decoder }),
      },
      seed,
    };
  }
  const ids: number[] = [];
  const decoder: number[] = [];
  for (const [field, numbers] of [
    [draft.text, ids],
    [draft.decoder, decoder],
  ] as const) {
    for (const word of field.split(/[\s,]+/).filter((part) => part !== '')) {
      const id = wholeNumber(word);
      if (id === undefined) return { error: words('run.badIds', word) };
      numbers.push(id);
    }
  }
  if (ids.length === 0) return { error: words('run.noIds') };
  return { input: { type: 'ids', ids, ...(decoder.length === 0 ? {} : { decoder }) }, seed };
}

function wholeNumber(word: string): number | undefined {
  const value = Number(word);
  return /^\d+$/.test(word) && Number.isSafeInteger(value) ? value : undefined;
}
