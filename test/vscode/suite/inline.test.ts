import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import {
  closeAll,
  eventually,
  hints,
  hover,
  lenses,
  open,
  sample,
  openText,
  summary,
  textAt,
  type,
} from './support';

/** 2 × (weights in matrix products) × 1,024 + 2 × 2 × 1,024² × 4,096 a layer + the rotary angles. */
const llamaFlops = (layers: number): bigint => {
  const layer = 2n * 1024n * (218_112_000n - 2n * 4096n) + 4n * 1024n ** 2n * 4096n;
  return BigInt(layers) * layer + 2n * 1024n * 128256n * 4096n + 2n * 64n * 1024n;
};
const llamaParameters = (layers: number): number => layers * 218_112_000 + 2 * 128_256 * 4096 + 4096;
const digits = (value: number | bigint): string => value.toLocaleString('en');

describe('in the text of a config', () => {
  afterEach(closeAll);

  it('says parameters and FLOPs at model_type', async () => {
    const editor = await open('llama-3.1-8b/config.json');
    const found = await summary(
      editor,
      'LlamaForCausalLM: 8,030,261,248 parameters · 15.9 TFLOPs forward (1 × 1,024 tokens)',
    );
    assert.equal(found.severity, vscode.DiagnosticSeverity.Information);
    assert.equal(textAt(editor, found.range), '"llama"');
  });

  it('says every digit in the CodeLens, and has the ways to the panels', async () => {
    const editor = await open('llama-3.1-8b/config.json');
    assert.equal(digits(llamaParameters(32)), '8,030,261,248');
    assert.deepEqual(await lenses(editor), [
      '8,030,261,248 parameters',
      'Attention',
      'Sharing',
      `${digits(llamaFlops(32))} FLOPs forward (1 × 1,024 tokens)`,
    ]);
  });

  it('says what keys cost', async () => {
    const editor = await open('llama-3.1-8b/config.json');
    assert.deepEqual(await hints(editor), {
      intermediate_size: '⟵ 14,336 × 393,216 = 5.64 B · 70%',
      num_hidden_layers: '⟵ 32 × 218,112,000 = 6.98 B · 87%',
      num_key_value_heads: '⟵ 32 Q ÷ 8 K/V · 128 KiB a token',
      tie_word_embeddings: '⟵ true: −525 M',
      vocab_size: '⟵ 128,256 × 8,192 = 1.05 B · 13%',
    });
  });

  it('has the breakdown in the hover, as a table', async () => {
    const editor = await open('llama-3.1-8b/config.json');
    const rows = (await hover(editor, '"model_type"'))
      .split('\n')
      .filter((line) => line.startsWith('|'))
      .map((line) =>
        line
          .replaceAll('&emsp;', '')
          .replace(/[\\*]/g, '')
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim()),
      );
    const row = (name: string): string[] | undefined => rows.find(([first]) => first === name)?.slice(1);
    assert.deepEqual(row('LlamaForCausalLM'), ['', '8,030,261,248', '100%', digits(llamaFlops(32))]);
    assert.deepEqual(row('layers.{0-31}')?.slice(0, 3), ['× 32', '6,979,584,000', '87%']);
    assert.deepEqual(row('lm_head'), ['', '525,336,576', '7%', '1,075,889,307,648']);
    assert.deepEqual(row('Weights in bfloat16'), ['16,060,522,496 B (15.0 GiB)']);
    assert.deepEqual(row('KV cache of a token (16 bits)'), ['131,072 B (128 KiB)']);
    assert.deepEqual(row('Training step'), [`${digits(3n * llamaFlops(32) - 2n * 131_072n)} (47.8 TFLOPs)`]);
  });

  it('has the exact cost of a key in its hover', async () => {
    const editor = await open('llama-3.1-8b/config.json');
    const text = (await hover(editor, '"num_hidden_layers"')).replaceAll('\\', '');
    assert.match(text, /num_hidden_layers: 32 × 218,112,000 = 6,979,584,000 parameters, 87% of the model/);
    assert.doesNotMatch(await hover(editor, '"bos_token_id"'), /parameters/);
  });

  it('changes every figure with num_hidden_layers, before anything is saved', async () => {
    const editor = await open('llama-3.1-8b/config.json');
    await summary(editor, /8,030,261,248/);
    await type(editor, '"num_hidden_layers": 32', '"num_hidden_layers": 16');
    const parameters = digits(llamaParameters(16));
    await summary(editor, new RegExp(`^LlamaForCausalLM: ${parameters} parameters · 8\\.50 TFLOPs`));
    assert.deepEqual(
      (await lenses(editor)).filter((title) => /\d/.test(title)),
      [`${parameters} parameters`, `${digits(llamaFlops(16))} FLOPs forward (1 × 1,024 tokens)`],
    );
    assert.match(
      await hover(editor, '"model_type"'),
      new RegExp(`${parameters}.*100%.*${digits(llamaFlops(16))}`),
    );
    const { num_hidden_layers: layers, vocab_size: vocabulary } = await hints(editor);
    assert.equal(layers, '⟵ 16 × 218,112,000 = 3.49 B · 77%');
    assert.equal(vocabulary, '⟵ 128,256 × 8,192 = 1.05 B · 23%');
  });

  it('keeps the last figures while the text is half typed, and says so', async () => {
    const editor = await openText(await sample('gpt2'));
    await summary(editor, /^GPT2LMHeadModel: 124,439,808 parameters.*tokens\)$/);
    await type(editor, '"n_layer": 12', '"n_layer": ');
    await summary(editor, /^GPT2LMHeadModel: 124,439,808 parameters.* — as of the last valid text$/);
    assert.match((await lenses(editor))[0]!, /^124,439,808 parameters — as of the last valid text$/);
    assert.match(await hover(editor, '"model_type"'), /as of the last valid text/);
    assert.match((await hints(editor)).vocab_size!, / \?$/);
    await type(editor, '"n_layer": ', '"n_layer": 6');
    await summary(editor, /^GPT2LMHeadModel: 81,912,576 parameters.*tokens\)$/);
    assert.doesNotMatch((await hints(editor)).vocab_size!, / \?$/);
  });

  it('takes the workload from the settings', async () => {
    const settings = vscode.workspace.getConfiguration('headlight');
    const editor = await open('llama-3.1-8b/config.json');
    await summary(editor, /1 × 1,024 tokens/);
    await settings.update('workload.batch', 2, vscode.ConfigurationTarget.Workspace);
    await settings.update('workload.tokens', 10, vscode.ConfigurationTarget.Workspace);
    try {
      await summary(editor, /\(2 × 10 tokens\)$/);
      await settings.update('workload.tokens', -3, vscode.ConfigurationTarget.Workspace);
      await summary(editor, /\(2 × 1,024 tokens\)$/);
    } finally {
      await settings.update('workload.batch', undefined, vscode.ConfigurationTarget.Workspace);
      await settings.update('workload.tokens', undefined, vscode.ConfigurationTarget.Workspace);
    }
    await summary(editor, /\(1 × 1,024 tokens\)$/);
  });

  const published: [string, string][] = [
    ['albert-base-v2', 'AlbertForMaskedLM: 11,221,680'],
    ['bert-base-uncased', 'BertForMaskedLM: 109,514,298'],
    ['deepseek-v3', 'DeepseekV3ForCausalLM: 671,026,404,352'],
    ['gpt2', 'GPT2LMHeadModel: 124,439,808'],
    ['mixtral-8x7b', 'MixtralForCausalLM: 46,702,792,704'],
    ['t5-small', 'T5ForConditionalGeneration: 60,506,624'],
    ['vit-base-patch16-224', 'ViTForImageClassification: 86,567,656'],
  ];
  for (const [name, expected] of published) {
    it(`counts ${name}`, async () => {
      const editor = await open(`${name}/config.json`);
      const { message } = await summary(editor, /./);
      assert.equal(message.split(' parameters')[0], expected);
    });
  }

  it('opens the report', async () => {
    const editor = await open('mixtral-8x7b/config.json');
    await summary(editor, /46,702,792,704/);
    await vscode.commands.executeCommand('headlight.showReport', editor.document.uri);
    const report = await eventually(() => {
      const found = vscode.workspace.textDocuments.find(({ uri }) => uri.scheme === 'headlight-report');
      assert.ok(found, 'the report is open');
      return found.getText().replaceAll('\\', '').replaceAll('&emsp;', '');
    });
    assert.match(report, /\| Active for a token \|12,879,925,248 \(12\.9 B\)\|/);
  });
});
