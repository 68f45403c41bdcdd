import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { byteLevelText, bytesText, pieceText } from '../../src/engine/text/readable';
import { byteTokenizer } from '../../src/engine/text/tokenizer';
import { localEngine, request } from './support/engine';
import { configText, removeFolders, temporaryFolder } from './support/files';

/** A word-level tokenizer with BERT's special tokens. */
function wordTokenizer(vocab: Record<string, number>): string {
  const folder = temporaryFolder();
  const special = (id: string) => ({
    id,
    special: true,
    content: id,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
  });
  const json = {
    version: '1.0',
    added_tokens: ['[CLS]', '[SEP]'].map((id) => ({ ...special(id), id: vocab[id] })),
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase: true,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [
        { SpecialToken: { id: '[CLS]', type_id: 0 } },
        { Sequence: { id: 'A', type_id: 0 } },
        { SpecialToken: { id: '[SEP]', type_id: 0 } },
      ],
      pair: [
        { SpecialToken: { id: '[CLS]', type_id: 0 } },
        { Sequence: { id: 'A', type_id: 0 } },
        { SpecialToken: { id: '[SEP]', type_id: 0 } },
        { Sequence: { id: 'B', type_id: 1 } },
        { SpecialToken: { id: '[SEP]', type_id: 1 } },
      ],
      special_tokens: {
        '[CLS]': { id: '[CLS]', ids: [vocab['[CLS]']], tokens: ['[CLS]'] },
        '[SEP]': { id: '[SEP]', ids: [vocab['[SEP]']], tokens: ['[SEP]'] },
      },
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab,
    },
  };
  writeFileSync(path.join(folder, 'tokenizer.json'), JSON.stringify(json));
  return folder;
}

const WORDS = { '[UNK]': 0, '[CLS]': 1, '[SEP]': 2, hello: 3, wor: 4, '##ld': 5 };

describe('the tokenizer beside a config', () => {
  afterEach(removeFolders);

  it('makes the tokens, with special ones and pieces', async () => {
    const head = await localEngine().engine.openRun(
      1,
      request(configText('bert'), 'Hello world', wordTokenizer(WORDS)),
    );
    assert.equal(head.tokenizer, 'tokenizer.json');
    assert.deepEqual(head.tokens, [
      { id: 1, text: '[CLS]' },
      { id: 3, text: 'hello', start: 0, end: 5 },
      { id: 4, text: 'wor', start: 6, end: 9 },
      { id: 5, text: '##ld', start: 9, end: 11 },
      { id: 2, text: '[SEP]' },
    ]);
  });

  it('gives a pair its segments', async () => {
    const { engine, states } = localEngine();
    const folder = wordTokenizer(WORDS);
    const maps = async (input: Parameters<typeof request>[1]): Promise<Float32Array> => {
      const head = await engine.openRun(1, request(configText('bert'), input, folder));
      await states.ended(head.run);
      return new Float32Array((await engine.headMap(head.run, 0, 0)).values);
    };
    const pair = await maps({ type: 'text', text: 'hello', pair: 'world' });
    const same = await maps({ type: 'ids', ids: [1, 3, 2, 4, 5, 2] });
    assert.equal(pair.length, same.length);
    // The same ids without segments attend otherwise.
    assert.notDeepEqual(pair, same);
  });

  it('names ids', async () => {
    const input = { type: 'ids', ids: [3, 60] } as const;
    const head = await localEngine().engine.openRun(
      1,
      request(configText('bert'), input, wordTokenizer(WORDS)),
    );
    assert.deepEqual(
      head.tokens.map(({ text }) => text),
      ['hello', '#60'],
    );
  });

  for (const [what, text, message] of [
    ['no JSON', '{', /tokenizer\.json/],
    ['no object', '[]', /tokenizer\.json/],
    ['no tokenizer', '{"model": {"type": "Unheard"}}', /tokenizer\.json/],
  ] as const) {
    it(`is refused when it is ${what}`, async () => {
      const folder = temporaryFolder();
      writeFileSync(path.join(folder, 'tokenizer.json'), text);
      await assert.rejects(
        localEngine().engine.openRun(1, request(configText('bert'), 'x', folder)),
        (error: Error & { code?: string }) => error.code === 'tokenizer' && message.test(error.message),
      );
    });
  }

  it('of another model is told by its ids', async () => {
    const folder = wordTokenizer({ ...WORDS, hello: 5000 });
    await assert.rejects(
      localEngine().engine.openRun(1, request(configText('bert'), 'hello', folder)),
      /RunFailure: tokenizer\.json: token "hello" has the id 5000, and vocab_size is 67; use the tokenizer of this model/,
    );
  });
});

describe('the decoder of an encoder–decoder', () => {
  afterEach(removeFolders);

  it('begins with its start token, and does not see the end', async () => {
    const folder = temporaryFolder();
    const vocab = { '<pad>': 0, '</s>': 1, hello: 2, world: 3, '?': 4 };
    const end = { SpecialToken: { id: '</s>', type_id: 0 } };
    const json = {
      pre_tokenizer: { type: 'WhitespaceSplit' },
      post_processor: {
        type: 'TemplateProcessing',
        single: [{ Sequence: { id: 'A', type_id: 0 } }, end],
        pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 0 } }, end],
        special_tokens: { '</s>': { id: '</s>', ids: [1], tokens: ['</s>'] } },
      },
      model: { type: 'WordLevel', vocab, unk_token: '?' },
    };
    writeFileSync(path.join(folder, 'tokenizer.json'), JSON.stringify(json));
    const config = JSON.stringify({ ...(JSON.parse(configText('t5')) as object), decoder_start_token_id: 0 });
    const input = { type: 'text', text: 'hello hello', decoder: 'world' } as const;
    const head = await localEngine().engine.openRun(1, request(config, input, folder));
    const idsOf = (tokens: readonly { id: number }[] = []): number[] => tokens.map(({ id }) => id);
    assert.deepEqual(idsOf(head.tokens), [2, 2, 1]);
    assert.deepEqual(idsOf(head.decoderTokens), [0, 3]);
  });
});

describe('bytes in the place of a tokenizer', () => {
  it('are their own ids', () => {
    assert.deepEqual(byteTokenizer(256).encode('a é\n').tokens, [
      { id: 97, text: 'a', start: 0, end: 1 },
      { id: 32, text: '·', start: 1, end: 2 },
      { id: 0xc3, text: '⟨C3⟩', start: 2, end: 3 },
      { id: 0xa9, text: '⟨A9⟩', start: 2, end: 3 },
      { id: 10, text: '⏎', start: 3, end: 4 },
    ]);
  });

  it('are folded into a small vocabulary, which the run says', async () => {
    const head = await localEngine().engine.openRun(1, request(configText('llama'), 'abc'));
    assert.equal(head.tokenizer, 'bytes');
    assert.equal(head.folded, true);
    assert.deepEqual(head.tokens[0], { id: 97 % 67, text: 'a', start: 0, end: 1 });
  });
});

describe('readable tokens', () => {
  it('of a byte-level vocabulary', () => {
    assert.equal(byteLevelText('Ġhello'), '·hello');
    assert.equal(byteLevelText('Ċ'), '⏎');
    assert.equal(byteLevelText('Ã©'), 'é');
    assert.equal(byteLevelText('Ã'), '⟨C3⟩');
    assert.equal(byteLevelText('<|end of text|>'), '<|end·of·text|>');
  });

  it('of a SentencePiece vocabulary', () => {
    assert.equal(pieceText('▁the'), '·the');
    assert.equal(pieceText('<0x0A>'), '⏎');
    assert.equal(pieceText('<0xE2>'), '⟨E2⟩');
    assert.equal(pieceText('</s>'), '</s>');
  });

  it('show control characters and marks of direction', () => {
    assert.equal(bytesText(Buffer.from('\u202ea\tb')), '⟨202E⟩a⇥b');
  });
});
