import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { bounded } from '../../src/engine/text/bounded';
import { openTokenizer } from '../../src/engine/text/folder';
import { graphemes } from '../../src/engine/text/pipeline/graphemes';
import { textTokenizer } from '../../src/engine/text/tokenizer';
import { refuses } from './support/engine';
import { removeFolders, temporaryFolder } from './support/files';
import { expectedPlaces, tokenizerFixture, tokenizerNames, type Place } from './support/tokenizers';

/** What the engine makes of a text, in the form of the expectation. */
function places(tokenizer: ReturnType<typeof textTokenizer>, text: string, pair?: string): Place[] {
  const { tokens, segments } = tokenizer.encode(text, pair);
  return tokens.map(({ id, start, end, pair: second }, i) => ({
    id,
    type: segments[i]!,
    at: start === undefined || end === undefined ? undefined : ([start, end, second === true] as const),
  }));
}

describe('tokenizers', () => {
  for (const name of tokenizerNames()) {
    it(`of the kind of ${name} give the ids, segments and places of Hugging Face tokenizers`, () => {
      const { tokenizer: json, texts } = tokenizerFixture(name);
      const tokenizer = textTokenizer('tokenizer.json', name, json);
      assert.ok(texts.length > 60);
      for (const expected of texts) {
        const got = places(tokenizer, expected.text, expected.pair);
        assert.deepEqual(got, expectedPlaces(expected), JSON.stringify([expected.text, expected.pair]));
      }
    });
  }
});

describe('a tokenizer.json that is wrong', () => {
  afterEach(removeFolders);

  const open = (content: string | Uint8Array): Promise<unknown> => {
    const folder = temporaryFolder();
    writeFileSync(path.join(folder, 'tokenizer.json'), content);
    return openTokenizer(folder, 'llama');
  };
  const changed = (change: (json: Record<string, unknown>) => void): string => {
    const json = structuredClone(tokenizerFixture('qwen2').tokenizer);
    change(json);
    return JSON.stringify(json);
  };
  const model = (part: object): string => JSON.stringify({ model: part });

  const whole = changed(() => undefined);
  for (const [what, content, message] of [
    [
      'is cut off',
      whole.slice(0, whole.length / 2),
      /tokenizer\.json is not JSON .*download the tokenizer again/,
    ],
    ['is empty', '', /tokenizer\.json is not JSON/],
    ['is not UTF-8', Uint8Array.of(0x7b, 0xff, 0x7d), /tokenizer\.json is not UTF-8/],
    ['is a Git LFS pointer', 'version https://git-lfs.github.com/spec/v1\n', /git lfs pull/],
    ['is nested too deep', '['.repeat(100), /nested more than 16 deep/],
    ['has a key twice', '{"model": {}, "model": {}}', /the key "model" twice/],
    ['has no model', '{}', /tokenizer\.json: model is not an object/],
    ['has an unknown model', model({ type: 'Neural' }), /the model "Neural" is not known/],
    ['has no vocabulary', model({ type: 'BPE', merges: [] }), /BPE has no "vocab"/],
    ['has an id that is none', model({ type: 'WordLevel', vocab: { a: -1 } }), /vocab: a is not an id/],
    [
      'merges what is not there',
      model({ type: 'BPE', vocab: { a: 0 }, merges: ['a b'] }),
      /merge 0 names "b", which vocab lacks/,
    ],
    [
      'has a merge of three',
      model({ type: 'BPE', vocab: { a: 0 }, merges: ['a a a'] }),
      /merge 0 is no pair/,
    ],
    [
      'points to an unknown piece that is not there',
      model({ type: 'Unigram', vocab: [['a', 0]], unk_id: 7 }),
      /unk_id is 7, and vocab has 1 pieces/,
    ],
    [
      'has an unknown normalizer',
      changed((json) => (json['normalizer'] = { type: 'Transliterate' })),
      /the normalizer "Transliterate" is not known/,
    ],
    [
      'has a character map that is none',
      changed((json) => (json['normalizer'] = { type: 'Precompiled', precompiled_charsmap: 'AAAA/w==' })),
      /precompiled_charsmap has 4 bytes and a trie of 4278190080/,
    ],
    [
      'has an unknown pre-tokenizer',
      changed((json) => (json['pre_tokenizer'] = { type: 'UnicodeScripts' })),
      /the pre-tokenizer "UnicodeScripts" is not known/,
    ],
    [
      'has a pattern that is none',
      changed((json) => (json['normalizer'] = { type: 'Replace', pattern: { Regex: '(' }, content: '' })),
      /tokenizer\.json: /,
    ],
  ] as const) {
    it(`is refused when it ${what}`, () => refuses(open(content), 'tokenizer', message));
  }

  it('says which token for the unknown it lacks, once a text needs it', () => {
    const json = { model: { type: 'WordLevel', vocab: { a: 0 }, unk_token: '[UNK]' } };
    const tokenizer = textTokenizer('tokenizer.json', 'tokenizer.json', json);
    assert.equal(tokenizer.encode('a').tokens.length, 1);
    assert.throws(() => tokenizer.encode('b'), /vocab lacks its own unk_token "\[UNK\]"/);
  });
});

describe('a tokenizer.json whose pattern backtracks for ever', () => {
  it('is refused in time', () => {
    const json = {
      pre_tokenizer: { type: 'Split', pattern: { Regex: '(a+)+$' }, behavior: 'Isolated' },
      model: { type: 'WordLevel', vocab: { a: 0 }, unk_token: 'a' },
    };
    const tokenizer = textTokenizer('tokenizer.json', 'tokenizer.json', json);
    assert.throws(() => tokenizer.encode(`${'a'.repeat(60)}b`), /takes more than 4 s: look for a pattern/);
  }).timeout(20_000);
});

describe('graphemes', () => {
  it('of a long text are those that the runtime finds, wherever the windows end', () => {
    const text = tokenizerFixture('gpt2')
      .texts.map((each) => each.text)
      .join('🇩🇪e\u0301👩‍👩‍👧‍👦');
    const long = `${text}${'e' + '\u0301'.repeat(2000)}${'🇩🇪'.repeat(700)}\r\n${text}`;
    const whole = Array.from(new Intl.Segmenter('und').segment(long), ({ segment }) => segment);
    assert.deepEqual([...graphemes(long)], whole);
  });
});

describe('bounded work', () => {
  it('ends a regular expression that backtracks for ever, and works on', () => {
    const evil = /^(a+)+$/;
    assert.equal(
      bounded(50, () => evil.test(`${'a'.repeat(60)}b`)),
      undefined,
    );
    assert.deepEqual(
      bounded(50, () => evil.test('aaa')),
      { value: true },
    );
  });

  it('hands on what is thrown', () => {
    assert.throws(
      () =>
        bounded(1000, () => {
          throw new TypeError('this');
        }),
      TypeError,
    );
  });
});
