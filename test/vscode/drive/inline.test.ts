import assert from 'node:assert/strict';
import type { Locator } from 'playwright-core';
import { openWindow, startVSCode, type VSCode } from '../../harness/vscode';
import { openFile, runCommand } from '../../harness/workbench';

/** Waits for an element whose text, with plain spaces, has all of `parts`. */
async function shows(elements: Locator, ...parts: string[]): Promise<string> {
  let found = elements;
  for (const part of parts) found = found.filter({ hasText: new RegExp(escaped(part)) });
  await found.first().waitFor({ timeout: 60_000 });
  return (await found.first().innerText()).replace(/[\u00a0\u2007]/g, ' ');
}

/** As a pattern in which any space stands for a space: VS Code shows plain ones as others. */
function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll(' ', '[\\s\\u2007]+');
}

describe('a config in the editor', function () {
  this.timeout(180_000);
  let code: VSCode;
  let editor: Locator;

  before(async () => {
    code = await startVSCode();
    editor = await openFile(code.page, 'llama-3.1-8b/config.json');
  });
  after(() => code.stop());

  it('shows its exact parameters and FLOPs without a click', async () => {
    const lens = await shows(editor.locator('.codelens-decoration'), '8,030,261,248 parameters');
    assert.match(lens, /15,919,296,413,696 FLOPs forward \(1 × 1,024 tokens\)/);
    await shows(editor.locator('.view-line'), '"num_hidden_layers": 32', '32 × 218,112,000 = 6.98 B · 87%');
    await editor.locator('.squiggly-info').first().waitFor({ timeout: 60_000 });
  });

  it('shows the breakdown as a table when the pointer rests on model_type', async () => {
    const { page } = code;
    await editor
      .locator('.view-line span', { hasText: /^"model_type"$/ })
      .last()
      .hover();
    const table = page.locator('.monaco-hover table', { hasText: 'LlamaForCausalLM' }).first();
    await table.waitFor({ timeout: 60_000 });
    const mlp = table.locator('tr', { hasText: 'mlp' }).first();
    assert.deepEqual(
      (await mlp.locator('td').allInnerTexts()).map((cell) => cell.trim()),
      ['mlp', '× 32', '5,637,144,576', '70%', '11,544,872,091,648'],
    );
    await page.keyboard.press('Escape');
  });

  it('follows what is typed', async () => {
    const { page } = code;
    const line = editor.locator('.view-line', { hasText: '"num_hidden_layers"' }).first();
    await line.click();
    await page.keyboard.press('Home');
    // To the number's end, which the comma follows, whatever hint stands behind.
    for (let step = 0; step < '"num_hidden_layers": 32'.length; step++)
      await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Backspace');
    await shows(editor.locator('.codelens-decoration'), '1,705,013,248 parameters');
    await page.keyboard.press('Backspace');
    await shows(
      editor.locator('.codelens-decoration'),
      '1,705,013,248 parameters',
      'as of the last valid text',
    );
    await page.keyboard.type('2');
    await shows(editor.locator('.codelens-decoration'), '1,486,901,248 parameters');
    await shows(editor.locator('.view-line'), '"num_hidden_layers": 2', '2 × 218,112,000 = 436 M · 29%');
  });

  it('shows them again after the window is loaded anew', async () => {
    await openWindow(code);
    await shows(code.page.locator('.codelens-decoration'), 'FLOPs forward');
  });

  it('shows them though a panel takes the focus at once', async () => {
    const { page } = code;
    const opened = await openFile(page, 'gpt2/config.json');
    await runCommand(page, 'Headlight: Show Shared-Weight Graph');
    await shows(opened.locator('.codelens-decoration'), '124,439,808 parameters');
  });
});
