import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { openTokenizer } from '../../src/engine/text/folder';
import { fromGguf } from '../../src/engine/text/sources/gguf';
import { readSentencePiece, type PieceType } from '../../src/engine/text/sources/sentencePiece';
import { textTokenizer } from '../../src/engine/text/tokenizer';
import type { GgufMetadata, Scalar } from '../../src/engine/weights/gguf/metadata';
import { refuses } from './support/engine';
import { removeFolders, temporaryFolder } from './support/files';
import { gguf, list, text, u32 } from './support/gguf';
import {
  fileFixture,
  fileFixtureNames,
  type FileFixture,
  tokenizerFixture,
  unitsByCodePoint,
} from './support/tokenizers';

/** A folder with these files, content by name. */
function folderOf(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = temporaryFolder();
  for (const [name, content] of Object.entries(files)) writeFileSync(path.join(folder, name), content);
  return folder;
}

describe('tokenizers without a tokenizer.json', () => {
  afterEach(removeFolders);

  for (const name of fileFixtureNames()) {
    it(`give the ids of their own libraries: ${name}`, async () => {
      const { files, modelType, texts } = fileFixture(name);
      const tokenizer = await openTokenizer(folderOf(files), modelType);
      assert.ok(tokenizer !== undefined);
      assert.ok(texts.length >= 60);
      for (const { text, pair, ids, types, offsets, of } of texts) {
        const { tokens, segments } = tokenizer.encode(text, pair);
        assert.deepEqual(
          tokens.map(({ id }) => id),
          ids,
          JSON.stringify([text, pair]),
        );
        if (types !== undefined) assert.deepEqual(segments, types);
        if (offsets === undefined || of === undefined) continue;
        const units = [text, pair ?? ''].map(unitsByCodePoint);
        const wanted = offsets.map((at, i) => at?.map((point) => units[of[i] ?? 0]![point]));
        assert.deepEqual(
          tokens.map(({ start, end }) => (start === undefined ? undefined : [start, end])),
          wanted,
        );
      }
    });
  }

  it('of SentencePiece have places too, where characters were mapped to others', async () => {
    const { files, modelType } = fileFixture('t5_pieces');
    const tokenizer = (await openTokenizer(folderOf(files), modelType))!;
    const text = ' ﬁne  ｔｅｘｔ ';
    const { tokens } = tokenizer.encode(text);
    const placed = tokens.filter(({ start }) => start !== undefined);
    assert.deepEqual(tokens.at(-1), { id: 2, text: '</s>' });
    assert.equal(placed.map(({ text: piece }) => piece).join(''), '·fine·text');
    for (const { start, end, text: piece } of placed) {
      const source = text.slice(start, end).normalize('NFKC').replace(/ +/g, '');
      assert.ok(source.includes(piece.replaceAll('·', '')), `${piece} stands for ${source}`);
    }
  });

  const bert = fileFixture('bert_vocab_txt').files;
  const llama = fileFixture('llama_pieces').files;
  const pieces = llama['tokenizer.model']!;
  for (const [what, files, modelType, message] of [
    [
      'a family whose way is not known',
      { 'vocab.txt': bert['vocab.txt']! },
      'esm',
      /how model_type "esm" reads vocab\.txt is not known; save a tokenizer\.json/,
    ],
    [
      'a vocabulary without the special tokens',
      { 'vocab.txt': 'a\nb\n', 'tokenizer_config.json': '{"cls_token": null}' },
      'bert',
      /vocab\.txt: the vocabulary has no cls_token/,
    ],
    [
      'a SentencePiece model that is cut off',
      { 'tokenizer.model': pieces.subarray(0, 1000) },
      'llama',
      /cut off/,
    ],
    [
      'a SentencePiece model that is none',
      { 'spiece.model': 'hello, this is text' },
      't5',
      /spiece\.model: it/,
    ],
    [
      'merges that name what the vocabulary lacks',
      { 'vocab.json': '{"a": 0, "<|endoftext|>": 1}', 'merges.txt': '#version: 0.2\na b\n' },
      'gpt2',
      /vocab\.json with merges\.txt: merge 0 names "b"/,
    ],
    [
      'settings that are no JSON',
      { ...bert, 'tokenizer_config.json': '{' },
      'bert',
      /tokenizer_config\.json/,
    ],
  ] as const) {
    it(`are refused for ${what}`, () =>
      refuses(openTokenizer(folderOf(files), modelType), 'tokenizer', message));
  }

  it('are read anew when a file changes', async () => {
    const folder = folderOf(bert);
    const before = (await openTokenizer(folder, 'bert'))!.encode('Hello').tokens;
    writeFileSync(path.join(folder, 'tokenizer_config.json'), '{"do_lower_case": false, "changed": true}');
    const after = (await openTokenizer(folder, 'bert'))!.encode('Hello').tokens;
    assert.notDeepEqual(after, before);
  });
});

/** Key–values as a file would have them. */
function metadataOf(values: Readonly<Record<string, Scalar | readonly Scalar[]>>): GgufMetadata {
  const at = (key: string): Scalar | readonly Scalar[] | undefined => values[`tokenizer.ggml.${key}`];
  const own = (key: string): Scalar | readonly Scalar[] | undefined => at(key.replace('tokenizer.ggml.', ''));
  return {
    keys: Object.keys(values),
    value: (key) => {
      const value = own(key);
      return typeof value === 'object' ? undefined : value;
    },
    list: (key) => {
      const value = own(key);
      return Promise.resolve(typeof value === 'object' ? value : undefined);
    },
  };
}

const prefixed = (values: Record<string, Scalar | readonly Scalar[]>): GgufMetadata =>
  metadataOf(
    Object.fromEntries(Object.entries(values).map(([key, value]) => [`tokenizer.ggml.${key}`, value])),
  );

const NUMBERS: Readonly<Record<PieceType, number>> = {
  normal: 1,
  unknown: 2,
  control: 3,
  userDefined: 4,
  unused: 5,
  byte: 6,
};

describe('the tokenizer in a GGUF file', () => {
  /** All single texts of a fixture must get their ids. */
  const givesIds = async (metadata: GgufMetadata, texts: FileFixture['texts']): Promise<void> => {
    const { parts, model } = (await fromGguf(metadata))!;
    const tokenizer = textTokenizer('gguf', 'model.gguf', parts, model);
    for (const { text, pair, ids } of texts) {
      if (pair !== undefined) continue;
      const got = tokenizer.encode(text).tokens.map(({ id }) => id);
      assert.deepEqual(got, ids, JSON.stringify(text));
    }
  };

  for (const [name, kind, more] of [
    ['llama_pieces', 'llama', { bos_token_id: 1 }],
    ['t5_pieces', 't5', { eos_token_id: 2, remove_extra_whitespaces: true }],
  ] as const) {
    it(`of SentencePiece's kind "${kind}" gives the library's ids`, async () => {
      const { files, texts } = fileFixture(name);
      const given = readSentencePiece(files[name === 't5_pieces' ? 'spiece.model' : 'tokenizer.model']!);
      const metadata = prefixed({
        model: kind,
        tokens: given.pieces.map(({ piece }) => piece),
        scores: given.pieces.map(({ score }) => score),
        token_type: given.pieces.map(({ type }) => NUMBERS[type]),
        ...(given.charsmap === undefined ? {} : { precompiled_charsmap: [...given.charsmap] }),
        ...more,
      });
      await givesIds(metadata, texts);
    });
  }

  for (const [name, pre, more] of [
    ['gpt2', 'gpt-2', {}],
    ['llama3', 'llama-bpe', { bos_token_id: 700 }],
  ] as const) {
    it(`of byte-level BPE cut as "${pre}" gives the ids of tokenizer.json`, async () => {
      const { tokenizer, texts } = tokenizerFixture(name);
      const model = tokenizer['model'] as { vocab: Record<string, number>; merges: [string, string][] };
      const added = tokenizer['added_tokens'] as { id: number; content: string }[];
      const tokens: string[] = [];
      for (const [token, id] of Object.entries(model.vocab)) tokens[id] = token;
      for (const { id, content } of added) tokens[id] = content;
      const special = new Set(added.map(({ id }) => id));
      const metadata = prefixed({
        model: 'gpt2',
        pre,
        tokens,
        token_type: tokens.map((_, id) => (special.has(id) ? 3 : 1)),
        merges: model.merges.map((pair) => pair.join(' ')),
        ...more,
      });
      await givesIds(metadata, texts);
    });
  }

  it('of WordPiece gives the ids of vocab.txt', async () => {
    const { files, texts } = fileFixture('bert_vocab_txt');
    const lines = Buffer.from(files['vocab.txt']!).toString().trimEnd().split('\n');
    const isSpecial = (token: string): boolean => /^\[(PAD|UNK|CLS|SEP|MASK)\]$/.test(token);
    const written = lines.map((token) =>
      isSpecial(token) ? token : token.startsWith('##') ? token.slice(2) : `▁${token}`,
    );
    const metadata = prefixed({
      model: 'bert',
      tokens: written,
      token_type: lines.map((token) => (isSpecial(token) ? 3 : 1)),
      cls_token_id: lines.indexOf('[CLS]'),
      seperator_token_id: lines.indexOf('[SEP]'),
      unknown_token_id: lines.indexOf('[UNK]'),
    });
    // A piece that is a U+2581 itself can't be told from a word's beginning there.
    const plain = texts.filter(({ text }) => !text.includes('▁'));
    assert.equal(plain.length, texts.length - 1);
    await givesIds(metadata, plain);
  });

  it('is read from the file itself', async () => {
    const { files, texts } = fileFixture('llama_pieces');
    const { pieces } = readSentencePiece(files['tokenizer.model']!);
    const values = {
      'tokenizer.ggml.model': text('llama'),
      'tokenizer.ggml.tokens': list(
        8,
        pieces.map(({ piece }) => piece),
      ),
      'tokenizer.ggml.scores': list(
        6,
        pieces.map(({ score }) => score),
      ),
      'tokenizer.ggml.token_type': list(
        5,
        pieces.map(({ type }) => NUMBERS[type]),
      ),
      'tokenizer.ggml.bos_token_id': u32(1),
    };
    const folder = folderOf({ 'model.gguf': gguf(values, []) });
    const tokenizer = (await openTokenizer(folder, 'llama'))!;
    assert.equal(tokenizer.origin, 'gguf');
    const { text: sample, ids } = texts.at(-1)!;
    assert.deepEqual(
      tokenizer.encode(sample).tokens.map(({ id }) => id),
      ids,
    );
    removeFolders();
  });

  it('is refused where its way is not known, or its lists do not fit', async () => {
    const tokens = ['<unk>', 'a'];
    await assert.rejects(
      fromGguf(prefixed({ model: 'plamo2', tokens })),
      /model is "plamo2", which is not known/,
    );
    await assert.rejects(
      fromGguf(prefixed({ model: 'gpt2', pre: 'mine', tokens, merges: [] })),
      /pre is "mine", which is not known; put a tokenizer\.json beside it/,
    );
    await assert.rejects(fromGguf(prefixed({ model: 'llama', tokens, scores: [1] })), /scores has 1 values/);
    await assert.rejects(fromGguf(prefixed({ model: 'gpt2', tokens, bos_token_id: 7 })), /bos_token_id is 7/);
    assert.equal(await fromGguf(prefixed({})), undefined);
  });
});
