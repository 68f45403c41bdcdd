import * as path from 'node:path';
import { mkdirSync } from 'node:fs';
import { startVSCode } from './test/harness/vscode.ts';
import { openFile, runCommand, webviewWith } from './test/harness/workbench.ts';
mkdirSync('/tmp/shots/out', { recursive: true });
const [theme, id, size] = {
  dark: ['dark', 'Default Dark Modern', { width: 1440, height: 900 }],
  light: ['light', 'Default Light Modern', { width: 1440, height: 900 }],
  hc: ['hc', 'Default High Contrast', { width: 900, height: 900 }],
}[process.argv[2]];
const code = await startVSCode({
  extension: { vsix: path.resolve('out/headlight.vsix') },
  theme: id,
  settings: { 'editor.minimap.enabled': false },
  size,
  workspace: ['/tmp/shots/ws'],
});
const { page } = code;
try {
  await runCommand(page, 'View: Toggle Primary Side Bar Visibility').catch(() => {});
  for (const [name, wait] of [
    ['gemma2', '.progress[data-phase="done"]'],
    ['whisper', '.progress[data-phase="done"]'],
    ['jamba4', '.pattern, .progress[data-phase="done"]'],
    ['wav2vec2', '.progress[data-phase="done"]'],
    ['vit', '.progress[data-phase="done"]'],
  ]) {
    try {
      await openFile(page, name + '/config.json');
      await page
        .locator('.codelens-decoration', { hasText: 'Attention' })
        .first()
        .waitFor({ timeout: 60000 });
      await runCommand(page, 'Headlight: Show Attention Heatmap');
      await webviewWith(page, wait);
      await page.mouse.move(0, 0);
      await page.waitForTimeout(700);
      await page.screenshot({ path: `/tmp/shots/out/${name}-${theme}.png` });
    } catch (e) {
      console.log(name, String(e).slice(0, 200));
      await page.screenshot({ path: `/tmp/shots/out/${name}-${theme}-fail.png` });
    }
    await runCommand(page, 'View: Close All Editors');
  }
} finally {
  await code.stop();
}
process.exit(0);
