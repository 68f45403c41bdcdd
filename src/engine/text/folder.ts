/** Finds the tokenizer of a model's folder, in whichever form it lies there. */
import { readdir, readFile, stat } from 'node:fs/promises';
import * as path from 'node:path';
import type { TokenizerOrigin } from '../../protocol/run';
import { RunFailure } from '../failure';
import { Pace } from '../pace';
import { ggufModels, openGguf } from '../weights/gguf/file';
import { parseJson } from '../weights/json';
import type { JsonObject } from './pipeline/json';
import { fromGguf } from './sources/gguf';
import { readSentencePiece } from './sources/sentencePiece';
import { fromSentencePiece, type BuiltTokenizer } from './sources/sentencePieceTokenizer';
import { readSettings, type Settings } from './sources/settings';
import { fromTiktoken, isTiktoken } from './sources/tiktoken';
import { fromVocabAndMerges, fromVocabTxt } from './sources/vocabularyFiles';
import { textTokenizer, type TextTokenizer } from './tokenizer';

/** The largest in use have some 35 MB. */
const LARGEST = 128 * 1024 * 1024;

const PIECES = [
  'spiece.model',
  'tokenizer.model',
  'sentencepiece.bpe.model',
  'sentencepiece.model',
  'spm.model',
];
const SETTINGS = ['tokenizer_config.json', 'special_tokens_map.json', 'added_tokens.json'];
const ALONE = ['tokenizer.json', 'vocab.txt', 'vocab.json', 'merges.txt'];

/** The tokenizer of the last run: a large vocabulary takes a second to read, and runs of one model follow each other. */
let latest: { readonly key: string; readonly tokenizer: TextTokenizer | undefined } | undefined;

/**
 * Reads the tokenizer of a folder: tokenizer.json, or what is there in its place; undefined where there is nothing.
 *
 * @param modelType says how a vocabulary is used where no file does.
 */
export async function openTokenizer(folder: string, modelType: string): Promise<TextTokenizer | undefined> {
  const files = new Files(folder, await readdir(folder).catch(() => []));
  const origin = sourceOf(files);
  if (origin === undefined) return undefined;
  const key = `${modelType} ${await files.key()}`;
  if (latest?.key !== key) latest = { key, tokenizer: await read(files, origin, modelType) };
  return latest.tokenizer;
}

type Origin = Exclude<TokenizerOrigin, 'bytes' | 'characters' | 'ids' | 'none'>;

/** Which files are read, those that say most first. */
function sourceOf(files: Files): Origin | undefined {
  if (files.has('tokenizer.json')) return 'tokenizer.json';
  if (files.pieces !== undefined) return 'sentencepiece';
  if (files.has('vocab.json') && files.has('merges.txt')) return 'vocab.json';
  if (files.has('vocab.txt')) return 'vocab.txt';
  return files.gguf === undefined ? undefined : 'gguf';
}

async function read(files: Files, origin: Origin, modelType: string): Promise<TextTokenizer | undefined> {
  switch (origin) {
    case 'tokenizer.json':
      return textTokenizer(origin, origin, await files.json(origin));
    case 'vocab.txt': {
      const text = await files.text(origin);
      const settings = await files.settings(modelType);
      return built(origin, origin, () => ({ parts: fromVocabTxt(text, settings) }));
    }
    case 'vocab.json': {
      const vocab = await files.json(origin);
      const merges = await files.text('merges.txt');
      const settings = await files.settings(modelType);
      return built(origin, `${origin} with merges.txt`, () => ({
        parts: fromVocabAndMerges(vocab, merges, settings),
      }));
    }
    case 'sentencepiece': {
      const name = files.pieces!;
      const bytes = await files.bytes(name);
      const settings = await files.settings(modelType);
      return built(origin, name, () =>
        isTiktoken(bytes)
          ? fromTiktoken(bytes, settings, name)
          : fromSentencePiece(readSentencePiece(bytes), settings, name),
      );
    }
    case 'gguf':
      return files.fromGguf();
  }
}

/** Puts the files' names before what is thrown. */
function built(origin: Origin, names: string, build: () => BuiltTokenizer): TextTokenizer {
  let made: BuiltTokenizer;
  try {
    made = build();
  } catch (error) {
    throw new RunFailure('tokenizer', `${names}: ${(error as Error).message}`);
  }
  return textTokenizer(origin, names, made.parts, made.model);
}

/** A folder's files that have to do with tokenizers. */
class Files {
  readonly pieces: string | undefined;
  /** The parts of the one model in GGUF; several are for whoever reads the weights to refuse. */
  readonly gguf: readonly string[] | undefined;

  constructor(
    private readonly folder: string,
    private readonly names: readonly string[],
  ) {
    this.pieces = PIECES.find((name) => names.includes(name));
    const models = ggufModels(names);
    this.gguf = models.length === 1 ? models[0] : undefined;
  }

  has(name: string): boolean {
    return this.names.includes(name);
  }

  /** Changes with any of the files. */
  async key(): Promise<string> {
    const read = [...SETTINGS, ...ALONE, ...PIECES, ...(this.gguf ?? [])].filter((name) => this.has(name));
    const states = await Promise.all(read.map((name) => stat(path.join(this.folder, name))));
    return [this.folder, ...states.map(({ size, mtimeMs }, i) => `${read[i]} ${size} ${mtimeMs}`)].join('\n');
  }

  async bytes(name: string): Promise<Uint8Array> {
    const file = path.join(this.folder, name);
    const { size } = await stat(file);
    if (size > LARGEST) throw wrong(name)(`has ${size} bytes, more than the ${LARGEST} that are read`);
    const bytes = await readFile(file);
    if (bytes.toString('latin1', 0, 23) === 'version https://git-lfs') {
      throw new RunFailure(
        'tokenizer',
        `${name} is a Git LFS pointer, not the tokenizer; run "git lfs pull"`,
      );
    }
    return bytes;
  }

  async text(name: string): Promise<string> {
    const bytes = await this.bytes(name);
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    } catch {
      throw wrong(name)('is not UTF-8');
    }
  }

  async json(name: string): Promise<JsonObject> {
    const json = await parseJson(await this.text(name), new Pace(), wrong(name));
    if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as JsonObject;
    throw wrong(name)('is not a JSON object');
  }

  async settings(modelType: string): Promise<Settings> {
    const [config, specials, added] = await Promise.all(
      SETTINGS.map((name) => (this.has(name) ? this.json(name) : Promise.resolve({}))),
    );
    return readSettings(config!, specials!, added!, modelType);
  }

  /** Undefined where the file has weights alone. */
  async fromGguf(): Promise<TextTokenizer | undefined> {
    const name = this.gguf![0]!;
    const source = await openGguf(this.folder, this.gguf!.slice(0, 1), new Pace());
    try {
      const made = source.metadata === undefined ? undefined : await fromGguf(source.metadata);
      return made === undefined ? undefined : built('gguf', name, () => made);
    } catch (error) {
      if (error instanceof RunFailure) throw error;
      throw new RunFailure('tokenizer', `${name}: ${(error as Error).message}`);
    } finally {
      await source.close();
    }
  }
}

function wrong(name: string): (what: string) => RunFailure {
  return (what) => new RunFailure('tokenizer', `${name} ${what}; download the tokenizer again`);
}
