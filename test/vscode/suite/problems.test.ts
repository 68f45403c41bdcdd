import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import {
  closeAll,
  diagnostics,
  engines,
  eventually,
  lenses,
  openText,
  sample,
  textAt,
  type,
} from './support';

/** Opens a sample with a value replaced, and waits for a diagnostic with this code. */
async function broken(name: string, from: string, to: string, code: string) {
  const text = await sample(name);
  assert.ok(text.includes(from), `${name} has ${from}`);
  const editor = await openText(text.replace(from, to));
  const problem = await eventually(() => {
    const found = diagnostics(editor).find((each) => each.code === code);
    assert.ok(found, `${code} is among ${JSON.stringify(diagnostics(editor))}`);
    return found;
  });
  return { editor, problem };
}

describe('bad input', () => {
  afterEach(closeAll);

  const values: [string, string][] = [
    ['"many"', 'key.type'],
    ['[32]', 'key.type'],
    ['0', 'key.range'],
    ['-1', 'key.range'],
    ['1000000000000000', 'key.range'],
    ['1e999', 'key.type'],
  ];
  for (const [value, code] of values) {
    it(`says at the key that ${value} can’t be the number of layers`, async () => {
      const { editor, problem } = await broken(
        'llama-3.1-8b',
        '"num_hidden_layers": 32',
        `"num_hidden_layers": ${value}`,
        code,
      );
      assert.equal(problem.severity, vscode.DiagnosticSeverity.Error);
      assert.match(problem.message, /num_hidden_layers/);
      const at = textAt(editor, problem.range);
      assert.ok(at === value || at === '"num_hidden_layers"', at);
      assert.ok(!diagnostics(editor).some((each) => each.code === 'model.summary'));
      assert.deepEqual(await lenses(editor), []);
    });
  }

  it('has no figures for a model it does not know, and says its name', async () => {
    const { editor, problem } = await broken(
      'gpt2',
      '"model_type": "gpt2"',
      '"model_type": "gpt-99"',
      'model.unknownType',
    );
    assert.equal(problem.severity, vscode.DiagnosticSeverity.Information);
    assert.match(problem.message, /no blueprint for model type “gpt-99”/);
    assert.equal(textAt(editor, problem.range), '"gpt-99"');
    assert.deepEqual(await lenses(editor), []);
  });

  it('does not run code that a config names', async () => {
    const reference = '"auto_map": { "AutoConfig": "configuration_own.OwnConfig" }, "model_type": "own"';
    const { problem } = await broken('gpt2', '"model_type": "gpt2"', reference, 'model.remoteCode');
    assert.match(problem.message, /no blueprint for “own”: .*configuration_own\.OwnConfig/);
  });

  it('takes everything back when the text is no model’s any more', async () => {
    const editor = await openText('{ "model_type": "llama" }');
    await eventually(() => assert.notDeepEqual(diagnostics(editor), []));
    await type(editor, '"model_type"', '"type"');
    await eventually(() => assert.deepEqual(diagnostics(editor), []));
    assert.deepEqual(await lenses(editor), []);
  });

  it('needed no second engine for any of it', () => {
    assert.equal(engines.length, 1);
  });
});
