/**
 * Takes pictures of the sample configs in the real VS Code: `npm run screenshots -- [--out FOLDER] [--theme NAME…]`.
 *
 * Each theme (light, dark, high-contrast) gives editor, heatmap, head, graph and narrow, as NAME-THEME.png.
 */
import { mkdirSync } from 'node:fs';
import * as path from 'node:path';
import { parseArgs } from 'node:util';
import { startVSCode } from '../test/harness/vscode.ts';
import { openFile, runCommand, webviewWith } from '../test/harness/workbench.ts';
import { packageExtension } from './lib/packaging.mjs';
import { Failure, runMain, say } from './lib/project.mjs';

/** @type {Readonly<Record<string, string>>} */
const themes = {
  light: 'Default Light Modern',
  dark: 'Default Dark Modern',
  'high-contrast': 'Default High Contrast',
};

await runMain(async () => {
  const { values } = parseArgs({
    options: {
      out: { type: 'string', default: 'docs/images' },
      theme: { type: 'string', multiple: true, default: Object.keys(themes) },
    },
  });
  const out = path.resolve(values.out);
  mkdirSync(out, { recursive: true });
  const vsix = await packageExtension();
  for (const theme of values.theme) {
    const id = themes[theme];
    if (!id) throw new Failure(`no theme ${theme}: there are ${Object.keys(themes).join(', ')}`);
    await takeAll({ name: theme, id }, vsix, out);
  }
});

/**
 * @param {{ name: string, id: string }} theme its name in the file names, and its id
 * @param {string} vsix
 * @param {string} out
 */
async function takeAll(theme, vsix, out) {
  const code = await startVSCode({
    extension: { vsix },
    theme: theme.id,
    settings: { 'editor.minimap.enabled': false },
    size: { width: 1440, height: 900 },
  });
  const { page } = code;
  const take = async (/** @type {string} */ what) => {
    // The pointer out of the way, and one moment for what fades in.
    await page.mouse.move(0, 0);
    await page.waitForTimeout(500);
    const file = path.join(out, `${what}-${theme.name}.png`);
    await page.screenshot({ path: file });
    say(path.relative(process.cwd(), file));
  };
  try {
    await openConfig(page, 'llama-3.1-8b/config.json');
    await take('editor');
    await runCommand(page, 'View: Toggle Primary Side Bar Visibility');

    await openConfig(page, 'induction/config.json');
    await runCommand(page, 'Headlight: Show Attention Heatmap');
    const heatmap = await webviewWith(page, '.progress[data-phase="done"]');
    await take('heatmap');
    await heatmap.locator('[role="gridcell"]').last().click();
    await heatmap.locator('.head-scroll canvas').first().waitFor();
    await take('head');
    await runCommand(page, 'View: Close All Editors');

    await openConfig(page, 'albert-base-v2/config.json');
    await runCommand(page, 'Headlight: Show Shared-Weight Graph');
    await webviewWith(page, '.panel.graph svg');
    await take('graph');

    await page.setViewportSize({ width: 820, height: 900 });
    await take('narrow');
  } catch (error) {
    await take('failed');
    throw error;
  } finally {
    await code.stop();
  }
}

/**
 * Opens a config and waits for its figures.
 *
 * @param {import('playwright-core').Page} page
 * @param {string} file
 */
async function openConfig(page, file) {
  const editor = await openFile(page, file);
  await editor.locator('.codelens-decoration', { hasText: 'FLOPs' }).first().waitFor({ timeout: 60_000 });
}
