/** What a user does in VS Code: opens files, calls commands, looks at webviews. By keyboard wherever there is a way. */
import type { FrameLocator, Locator, Page } from 'playwright-core';

/** Milliseconds that something may take on a busy machine before a test calls it absent. */
const patience = 60_000;

/** Opens a file of the workspace by quick open and waits for its text. */
export async function openFile(page: Page, file: string): Promise<Locator> {
  await page.keyboard.press('Control+p');
  await fillQuickInput(page, file);
  // The first row is what Enter opens: it must be this file, not one that resembles it.
  const [name = file, ...folders] = file.split('/').reverse();
  const row = page.locator('.quick-input-list .monaco-list-row[data-index="0"]');
  await row
    .filter({ hasText: name })
    .filter({ hasText: folders.reverse().join('/') })
    .waitFor({ timeout: patience });
  await page.keyboard.press('Enter');
  const editor = page.locator(`.editor-instance .monaco-editor[data-uri$="/${file}"]`).first();
  await editor.locator('.view-line').first().waitFor({ timeout: patience });
  return editor;
}

/** Calls a command by its title in the command palette. */
export async function runCommand(page: Page, title: string): Promise<void> {
  await page.keyboard.press('F1');
  const row = page.locator('.quick-input-list .monaco-list-row', { hasText: title }).first();
  await fillQuickInput(page, `>${title}`);
  await row.waitFor({ timeout: patience });
  await page.keyboard.press('Enter');
  await page.locator('.quick-input-widget').waitFor({ state: 'hidden', timeout: patience });
}

/** The document of the visible webview that has an element `selector`; a reload of the window makes another one. */
export async function webviewWith(page: Page, selector: string): Promise<FrameLocator> {
  const until = Date.now() + patience;
  do {
    for (const webview of await page.locator('iframe.webview.ready').all()) {
      // By its name, for others may open and close before and behind it. A frame may go while it is asked.
      const name = await webview.getAttribute('name', { timeout: 1000 }).catch(() => null);
      const frame = page.frameLocator(`iframe.webview[name="${name}"]`).frameLocator('iframe#active-frame');
      const element = frame.locator(selector).first();
      if (await element.isVisible().catch(() => false)) return frame;
    }
    await page.waitForTimeout(100);
  } while (Date.now() < until);
  throw new Error(`no webview shows ${selector}`);
}

/** Red, green, blue and alpha, 0–255, of a 2D canvas at a point in its own pixels. */
export async function pixel(canvas: Locator, x: number, y: number): Promise<readonly number[]> {
  return canvas.evaluate(
    (element, at) => {
      const context = (element as HTMLCanvasElement).getContext('2d');
      if (!context) throw new Error('this canvas is not a 2D one');
      return [...context.getImageData(at.x, at.y, 1, 1).data];
    },
    { x, y },
  );
}

async function fillQuickInput(page: Page, text: string): Promise<void> {
  const input = page.locator('.quick-input-widget input[type="text"]').first();
  await input.waitFor({ timeout: patience });
  await input.fill(text);
}
