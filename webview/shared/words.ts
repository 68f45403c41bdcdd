/** Wording: the user's language where the host sent it, English otherwise. */
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { PanelStrings } from '../../src/protocol/panels';
import { strings, type StringKey } from './strings';

export type Words = (key: StringKey, ...values: (string | number)[]) => string;

/** Words in the host's language; a key that it lacks is said in English. */
export function wordsOf(translated: PanelStrings): Words {
  return (key, ...values) =>
    (translated[key] ?? strings[key]).replace(/\{(\d+)\}/g, (_, index: string) =>
      String(values[Number(index)] ?? ''),
    );
}

export const WordsContext = createContext<Words>(wordsOf({}));

export function useWords(): Words {
  return useContext(WordsContext);
}

/** A whole number with its thousands apart, exact to the unit. */
export function grouped(value: number | bigint): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 0 });
}
