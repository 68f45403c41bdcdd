/** The small tokenizers of test/fixtures/tokenizers, with what Hugging Face tokenizers makes of the texts. */
import { readdirSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import { gunzipSync } from 'node:zlib';

const fixtures = path.join(import.meta.dirname, '../../fixtures');

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
  return namesIn('tokenizers');
}

export function tokenizerFixture(name: string): TokenizerFixture {
  return read('tokenizers', name) as TokenizerFixture;
}

/** A tokenizer in other files than tokenizer.json. */
export interface FileFixture {
  readonly modelType: string;
  readonly files: Readonly<Record<string, Uint8Array>>;
  /** Segments and places only where transformers made them. */
  readonly texts: readonly (Pick<ExpectedText, 'text' | 'pair' | 'ids'> &
    Partial<Pick<ExpectedText, 'types' | 'offsets' | 'of'>>)[];
}

export function fileFixtureNames(): string[] {
  return namesIn('tokenizerFiles');
}

export function fileFixture(name: string): FileFixture {
  const fixture = read('tokenizerFiles', name) as FileFixture & { files: Record<string, string> };
  const files = Object.entries(fixture.files).map(([file, base64]) => [file, Buffer.from(base64, 'base64')]);
  return { ...fixture, files: Object.fromEntries(files) as Record<string, Uint8Array> };
}

function namesIn(folder: string): string[] {
  return readdirSync(path.join(fixtures, folder))
    .filter((name) => name.endsWith('.json.gz'))
    .map((name) => name.slice(0, -'.json.gz'.length));
}

function read(folder: string, name: string): unknown {
  return JSON.parse(gunzipSync(readFileSync(path.join(fixtures, folder, `${name}.json.gz`))).toString());
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

/** Where each code point of a text begins in UTF-16 units, and where the text ends. */
export function unitsByCodePoint(text: string): number[] {
  const units = [0];
  for (const char of text) units.push(units.at(-1)! + char.length);
  return units;
}
