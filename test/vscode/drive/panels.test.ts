import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import type { FrameLocator, Page } from 'playwright-core';
import { startVSCode, type VSCode } from '../../harness/vscode';
import { openFile, pixel, runCommand, webviewWith } from '../../harness/workbench';

const patience = { timeout: 60_000 };
const attention = 'Headlight: Show Attention Heatmap';
const sharing = 'Headlight: Show Shared-Weight Graph';

/** The last colour of viridis, which stands for probability 1. */
const yellow = [253, 231, 37, 255];

/** Waits until the heatmap panel has computed every layer. */
async function done(panel: FrameLocator): Promise<void> {
  await panel.locator('.progress[data-phase="done"]').waitFor({ ...patience, state: 'attached' });
}

/** Loads the window anew as VS Code does it, which keeps what is open. */
async function reload(page: Page): Promise<void> {
  const loaded = page.waitForEvent('load', patience);
  await runCommand(page, 'Developer: Reload Window');
  await loaded;
}

describe('the panels', function () {
  this.timeout(300_000);
  let code: VSCode;
  /** What the browser refused to load or run. */
  const refused: string[] = [];

  before(async () => {
    code = await startVSCode();
    code.page.on('console', (message) => {
      if (/Content Security Policy/.test(message.text())) refused.push(message.text());
    });
  });
  after(() => code.stop());

  it('show the attention of a model with its own weights', async () => {
    const { page } = code;
    await openFile(page, 'induction/config.json');
    await page.locator('.codelens-decoration', { hasText: 'Attention' }).first().waitFor(patience);
    await runCommand(page, attention);
    const panel = await webviewWith(page, '.heatmap');
    await done(panel);
    const facts = await panel.locator('.facts').innerText();
    assert.match(facts, /model\.safetensors · \w+ · \d+ tensors/);
    assert.match(facts, /tokenizer\.json/);
    assert.equal(await panel.locator('.badge.random').count(), 0, 'nothing here is random');
  });

  it('are reached from one another, while a panel has the focus', async () => {
    const { page } = code;
    const panel = await webviewWith(page, '.heatmap');
    await panel.locator('.facts').click();
    await runCommand(page, sharing);
    await webviewWith(page, '.panel.graph');
    await page.locator('.tab', { hasText: 'Sharing: induction/config.json' }).waitFor(patience);
    await page.locator('.tab', { hasText: 'Attention: induction/config.json' }).click();
    await done(await webviewWith(page, '.heatmap'));
  });

  it('draw what the model computed', async () => {
    const panel = await webviewWith(code.page, '.heatmap');
    const thumbnail = panel.locator('[role=gridcell] canvas').first();
    await thumbnail.waitFor(patience);
    // The first query sees nothing but itself; what lies to its right is masked, and grey.
    assert.deepEqual(await pixel(thumbnail, 1, 1), yellow);
    const width = await thumbnail.evaluate((canvas) => (canvas as HTMLCanvasElement).width);
    const [red, green, blue] = await pixel(thumbnail, width - 2, 1);
    assert.ok(
      Math.max(red!, green!, blue!) - Math.min(red!, green!, blue!) < 16,
      `grey: ${red} ${green} ${blue}`,
    );
  });

  it('show where an induction head looks: at what followed the same word the first time', async () => {
    const { page } = code;
    const panel = await webviewWith(page, '.heatmap');
    const text = panel.locator('vscode-text-area textarea, textarea').first();
    await text.fill(
      'The quick brown fox jumps over the lazy dog. The quick brown fox jumps over the lazy dog.',
    );
    await text.press('Control+Enter');
    await panel
      .locator('.fact', { hasText: 'Tokens' })
      .filter({ hasText: /^Tokens\s*20$/ })
      .waitFor(patience);
    await done(panel);
    // Layer 1, head 2; see samples/induction/README.md.
    await panel.locator('[role=gridcell]').nth(6).click();
    const picture = panel.locator('.head-scroll[role=application]');
    await picture.waitFor(patience);
    await picture.focus();
    const keys = [
      'ArrowRight',
      ...Array<string>(12).fill('ArrowDown'),
      ...Array<string>(3).fill('ArrowRight'),
    ];
    for (const key of keys) await page.keyboard.press(key);
    const readOut = panel.locator('.read-out', { hasText: /query 12 .*brown.* → key 3 .*fox/ });
    await readOut.waitFor(patience);
    const [, value] = /: (0\.\d+), rank 1 of 13/.exec(await readOut.innerText())!;
    assert.ok(Number(value) > 0.8, `it looks there with ${value}`);
    await page.keyboard.press('Escape');
  });

  it('open a head, read out its values, lock and unlock a row', async () => {
    const { page } = code;
    const panel = await webviewWith(page, '.heatmap');
    await panel.locator('[role=gridcell]').nth(1).click();
    const picture = panel.locator('.head-scroll[role=application]');
    await picture.waitFor(patience);
    const readOut = panel.locator('.read-out');
    const says = (pattern: RegExp) => readOut.filter({ hasText: pattern }).waitFor(patience);
    await picture.focus();
    await page.keyboard.press('ArrowRight');
    await says(/query 0 .* → key 0 .*: 1, rank 1 of 1 in its row/);
    await page.keyboard.press('ArrowRight');
    await says(/query 0 .* → key 1 .*: masked/);
    await page.keyboard.press('ArrowDown');
    await says(/query 1 .* → key 1 .*: 0\.\d+, rank \d of 2 in its row/);
    await page.keyboard.press('Enter');
    await says(/Row 1 locked; Escape unlocks/);
    await page.keyboard.press('Escape');
    await readOut.filter({ hasNotText: 'locked' }).waitFor(patience);
  });

  it('read out what is under the pointer', async () => {
    const panel = await webviewWith(code.page, '.heatmap');
    const canvas = panel.locator('.head-canvas');
    const box = (await canvas.boundingBox())!;
    await canvas.hover({ position: { x: box.width * 0.3, y: box.height * 0.9 } });
    await panel.locator('.read-out', { hasText: /query \d+ .* → key \d+/ }).waitFor(patience);
  });

  it('show the shared weights', async () => {
    const { page } = code;
    await openFile(page, 'gpt2/config.json');
    await page.locator('.codelens-decoration', { hasText: 'Sharing' }).first().waitFor(patience);
    await runCommand(page, sharing);
    const panel = await webviewWith(page, '.panel.graph');
    await panel.locator('.toolbar .total', { hasText: '124,439,808 parameters' }).waitFor(patience);
    // In the third column the panel is too narrow to open with its ledger.
    if ((await panel.locator('.ledger').count()) === 0) {
      await panel.locator('button', { hasText: 'Sharing ledger' }).click();
    }
    const tie = panel.locator('.ledger tr', { hasText: 'lm_head.weight' }).first();
    await tie.waitFor(patience);
    assert.match(await tie.innerText(), /38,597,376/);
  });

  it('show in the config where a node stands', async () => {
    const { page } = code;
    const panel = await webviewWith(page, '.panel.graph');
    await panel.locator('button', { hasText: 'Modules' }).click();
    await panel.locator('[role=treeitem]', { hasText: '× 12' }).first().click();
    await panel.locator('button', { hasText: 'Show in config' }).click();
    await page.locator('.statusbar-item', { hasText: /Ln 16, Col \d+ \(9 selected\)/ }).waitFor(patience);
  });

  it('follow the text: an edit, and a text that can’t be counted', async () => {
    const { page } = code;
    const panel = await webviewWith(page, '.panel.graph');
    // The key is selected from the test before: past it and the colon, behind the 12.
    await page.keyboard.press('ArrowRight');
    for (let step = 0; step < ': 12'.length; step++) await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Backspace');
    await panel.locator('.toolbar .total', { hasText: '46,473,216 parameters' }).waitFor(patience);
    await page.keyboard.press('Backspace');
    await panel
      .locator('.notice.warning', { hasText: 'Of the last text that could be counted' })
      .waitFor(patience);
    await page.keyboard.type('12');
    await panel.locator('.toolbar .total', { hasText: '124,439,808 parameters' }).waitFor(patience);
    await panel.locator('.notice.warning').waitFor({ ...patience, state: 'detached' });
    await page.keyboard.press('Control+s');
  });

  it('come back with what they showed when the window is loaded anew', async () => {
    const { page } = code;
    await reload(page);
    const graph = await webviewWith(page, '.panel.graph');
    await graph.locator('.toolbar .total', { hasText: '124,439,808 parameters' }).waitFor(patience);
    await page.locator('.tab', { hasText: 'Attention: induction/config.json' }).click();
    const heatmap = await webviewWith(page, '.heatmap');
    // The head that was open is open again.
    await heatmap.locator('.head-canvas').waitFor(patience);
    assert.match(await heatmap.locator('.facts').innerText(), /model\.safetensors/);
  });

  it('say so when the engine ends in the middle of a run, and go on', async () => {
    const { page } = code;
    await openFile(page, 'llama-3.1-8b/config.json');
    await page.locator('.codelens-decoration', { hasText: '8,030,261,248' }).first().waitFor(patience);
    await runCommand(page, attention);
    const badge = '.badge.random';
    const panel = await webviewWith(page, badge);
    assert.match(await panel.locator(badge).innerText(), /random weights, seed 0/);
    await panel
      .locator('.progress[data-phase="running"]', { hasText: /[1-9]\d* of 32 layers done/ })
      .waitFor(patience);
    await runCommand(page, 'Headlight: Restart Engine');
    await panel
      .locator('.notice.warning', { hasText: 'The engine ended and was started again' })
      .waitFor(patience);
    await panel
      .locator('.progress[data-phase="running"]', { hasText: /[1-9]\d* of 32 layers done/ })
      .waitFor(patience);
    await panel.locator('vscode-button', { hasText: 'Cancel' }).click();
    await panel.locator('.progress[data-phase="cancelled"]').waitFor(patience);
  });

  it('say so when the config is gone when the window is loaded anew', async () => {
    const { page } = code;
    rmSync(path.join(code.workspace, 'gpt2'), { recursive: true });
    await reload(page);
    await page.locator('.tab', { hasText: 'Sharing: gpt2/config.json' }).click(patience);
    const panel = await webviewWith(page, 'h1:has-text("Sharing")');
    assert.match(
      await panel.locator('p').innerText(),
      /The config .*gpt2\/config\.json can’t be read any more/,
    );
  });

  it('load and run nothing that their policy forbids', () => {
    assert.deepEqual(refused, []);
  });

  it('say what is wrong with a config in the words of its diagnostics', async () => {
    const { page } = code;
    const file = path.join(code.workspace, 'bert-base-uncased/config.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"hidden_size": 768', '"hidden_size": 769'));
    await openFile(page, 'bert-base-uncased/config.json');
    await runCommand(page, attention);
    const panel = await webviewWith(page, '.heatmap [role=alert]');
    await panel
      .locator('[role=alert]', { hasText: 'hidden_size has to be a multiple of num_attention_heads (12)' })
      .waitFor(patience);
  });
});
