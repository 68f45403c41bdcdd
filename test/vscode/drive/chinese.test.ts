import assert from 'node:assert/strict';
import { openWindow, prepareVSCode, type VSCode } from '../../harness/vscode';
import { openFile, runCommand, webviewWith } from '../../harness/workbench';

const patience = { timeout: 60_000 };

describe('in Simplified Chinese', function () {
  this.timeout(180_000);
  let code: VSCode;

  before(async () => {
    code = await prepareVSCode();
    // What VS Code's own language pack sets before the workbench starts.
    await code.page.addInitScript(() => Object.assign(globalThis, { _VSCODE_NLS_LANGUAGE: 'zh-cn' }));
    await openWindow(code);
  });
  after(() => code.stop());

  it('words the text of the config and the panel', async () => {
    const { page } = code;
    await openFile(page, 'gpt2/config.json');
    const lens = page.locator('.codelens-decoration', { hasText: '124,439,808' }).first();
    await lens.waitFor(patience);
    assert.match(
      await lens.innerText(),
      /124,439,808 参数[\s\S]*前向 291,648,307,200 FLOPs（1 × 1,024 词元）/,
    );
    await runCommand(page, 'Headlight: Show Shared-Weight Graph');
    const panel = await webviewWith(page, '.panel.graph');
    await panel.locator('button', { hasText: '共享清单' }).waitFor(patience);
  });
});
