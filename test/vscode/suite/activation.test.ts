import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import {
  closeAll,
  diagnostics,
  engines,
  hints,
  hover,
  lenses,
  open,
  openText,
  sample,
  summary,
} from './support';

describe('which files are looked at', () => {
  afterEach(closeAll);

  const others: [string, string, string][] = [
    ['another tool’s config.json', '{ "name": "x", "port": 8080, "model": "a_type" }', 'config.json'],
    ['a config under another name', '{ "model_type": "llama" }', 'package.json'],
    ['a tokenizer’s config', '{ "tokenizer_class": "LlamaTokenizer" }', 'tokenizer_config.json'],
    ['an empty file', '', 'config.json'],
  ];
  for (const [what, text, name] of others) {
    it(`says nothing in ${what}, and starts no engine`, async () => {
      const editor = await openText(text, name);
      assert.deepEqual(await lenses(editor), []);
      assert.deepEqual(await hints(editor), {});
      assert.doesNotMatch(await hover(editor, text.slice(1, 8)), /parameters/i);
      assert.deepEqual(diagnostics(editor), []);
      assert.equal(engines.length, 0);
    });
  }

  it('starts the engine with the first model', async () => {
    const editor = await open('llama-3.1-8b/config.json');
    await summary(editor, /8,030,261,248/);
    assert.equal(engines.length, 1);
  });

  it('looks at files that the settings name', async () => {
    const scope = vscode.workspace.getConfiguration('headlight');
    await scope.update('files', ['**/*.model.json'], vscode.ConfigurationTarget.Workspace);
    try {
      const editor = await openText(await sample('gpt2'), 'small.model.json');
      await summary(editor, /^GPT2LMHeadModel: 124,439,808 parameters/);
      assert.deepEqual(await lenses(await openText(await sample('gpt2'))), []);
    } finally {
      await scope.update('files', undefined, vscode.ConfigurationTarget.Workspace);
    }
  });
});
