/** Finds the tokenizer of a model's folder. */
import { readFile, stat } from 'node:fs/promises';
import * as path from 'node:path';
import { RunFailure } from '../failure';
import { Pace } from '../pace';
import { parseJson } from '../weights/json';
import { textTokenizer, type TextTokenizer } from './tokenizer';

const FILE = 'tokenizer.json';
/** The largest in use have some 35 MB. */
const LARGEST = 128 * 1024 * 1024;

/** The tokenizer of the last run: a large vocabulary takes a second to read, and runs of one model follow each other. */
let latest: { readonly key: string; readonly tokenizer: TextTokenizer } | undefined;

/** Reads the tokenizer of a folder; undefined where there is none. */
export async function openTokenizer(folder: string): Promise<TextTokenizer | undefined> {
  const file = path.join(folder, FILE);
  const found = await stat(file).catch(() => undefined);
  if (found === undefined) return undefined;
  const key = [file, found.size, found.mtimeMs].join(' ');
  if (latest?.key === key) return latest.tokenizer;
  latest = { key, tokenizer: textTokenizer('tokenizer.json', FILE, await readJson(file, found.size)) };
  return latest.tokenizer;
}

async function readJson(file: string, size: number): Promise<unknown> {
  const name = path.basename(file);
  const wrong = (what: string): RunFailure =>
    new RunFailure('tokenizer', `${name} ${what}; download the tokenizer again`);
  if (size > LARGEST) throw wrong(`has ${size} bytes, more than the ${LARGEST} that are read`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file));
  } catch (error) {
    throw wrong(`can't be read (${(error as Error).message})`);
  }
  if (text.startsWith('version https://git-lfs')) {
    throw new RunFailure('tokenizer', `${name} is a Git LFS pointer, not the tokenizer; run "git lfs pull"`);
  }
  const json = await parseJson(text, new Pace(), wrong);
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json;
  throw wrong('is not a JSON object');
}
