/** The small tokenizers of test/fixtures/tokenizers, with what Hugging Face tokenizers makes of the texts. */
import { readdirSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import { gunzipSync } from 'node:zlib';

const folder = path.join(import.meta.dirname, '../../fixtures/tokenizers');

export interface ExpectedText {
  readonly text: string;
  readonly pair?: string;
  readonly ids: number[];
  readonly types: number[];
  /** In code points; null for a token that was put in. */
  readonly offsets: (readonly [number, number] | null)[];
  /** 0 for the text, 1 for the pair. */
  readonly of: (0 | 1 | null)[];
}

export interface TokenizerFixture {
  readonly tokenizer: Record<string, unknown>;
  readonly texts: readonly ExpectedText[];
}

export function tokenizerNames(): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json.gz'))
    .map((name) => name.slice(0, -'.json.gz'.length));
}

export function tokenizerFixture(name: string): TokenizerFixture {
  return JSON.parse(
    gunzipSync(readFileSync(path.join(folder, `${name}.json.gz`))).toString(),
  ) as TokenizerFixture;
}

/** A token of the expectation, in UTF-16 units. */
export interface Place {
  readonly id: number;
  readonly type: number;
  readonly at: readonly [start: number, end: number, pair: boolean] | undefined;
}

export function expectedPlaces({ text, pair = '', ids, types, offsets, of }: ExpectedText): Place[] {
  const units = [text, pair].map(unitsByCodePoint);
  return ids.map((id, i) => {
    const offset = offsets[i] ?? undefined;
    const which = of[i] ?? 0;
    const at = offset && ([units[which]![offset[0]]!, units[which]![offset[1]]!, which === 1] as const);
    return { id, type: types[i]!, at };
  });
}

function unitsByCodePoint(text: string): number[] {
  const units = [0];
  for (const char of text) units.push(units.at(-1)! + char.length);
  return units;
}
