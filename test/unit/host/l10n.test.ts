import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { strings } from '../../../webview/shared/strings';
import { hostMessages, readJson, root } from './messages';

const placeholders = (text: string): string[] =>
  [...text.matchAll(/\{\d+\}/g)].map(([found]) => found).sort();

describe('localisation', () => {
  const texts = [...new Set(hostMessages().map(({ text }) => text))].sort();

  it('finds the messages of the host', () => {
    assert.ok(texts.length > 100, `${texts.length} messages`);
  });

  for (const bundle of ['l10n/bundle.l10n.json', 'l10n/bundle.l10n.zh-cn.json']) {
    it(`${bundle} has every message, nothing else, and their placeholders`, () => {
      const translated = readJson(bundle);
      assert.deepEqual(Object.keys(translated).sort(), texts);
      for (const [text, translation] of Object.entries(translated)) {
        assert.notEqual(translation.trim(), '', text);
        assert.deepEqual(placeholders(translation), placeholders(text), text);
      }
    });
  }

  it('the host words every string of the panels, with the same English text', () => {
    const worded = hostMessages().filter(({ file }) => file === path.join('src/host/panels/strings.ts'));
    assert.deepEqual(Object.fromEntries(worded.map(({ property, text }) => [property, text])), {
      ...strings,
    });
  });

  it('package.json names keys that both languages have, and no others', () => {
    const used = [...readFileSync(path.join(root, 'package.json'), 'utf8').matchAll(/"%([^%"]+)%"/g)];
    const keys = [...new Set(used.map(([, key]) => key))].sort();
    for (const file of ['package.nls.json', 'package.nls.zh-cn.json']) {
      const words = readJson(file);
      assert.deepEqual(Object.keys(words).sort(), keys, file);
      assert.ok(
        Object.values(words).every((text) => text.trim() !== ''),
        file,
      );
    }
  });
});
