/**
 * How long activation took by VS Code's own count ("Developer: Show Running Extensions"), beside extensions that VS Code
 * ships and that the same file activates. The count includes waiting for one another, so only the comparison says something.
 */
import { startVSCode } from '../test/harness/vscode';
import { openFile, runCommand } from '../test/harness/workbench';
import { median } from './statistics';

const names = ['Headlight', 'JSON Language Features', 'JavaScript and TypeScript Language Features', 'Git'];

/** Extension → median milliseconds over `windows` windows opened one after the other. */
export async function activationTimes(vsix: string, windows: number): Promise<[string, number][]> {
  const times = new Map<string, number[]>(names.map((name) => [name, []]));
  for (let i = 0; i < windows; i++) {
    const code = await startVSCode({ extension: { vsix } });
    try {
      const { page } = code;
      await openFile(page, 'gpt2/config.json');
      await page.locator('.codelens-decoration a', { hasText: 'Sharing' }).waitFor({ timeout: 60_000 });
      await runCommand(page, 'Developer: Show Running Extensions');
      for (const name of names) {
        const row = page
          .locator('.runtime-extensions-editor .extension')
          .filter({ has: page.getByText(name, { exact: true }) });
        const text = await row.locator('.activation-time').textContent({ timeout: 30_000 });
        const found = /(\d+)\s*ms/.exec(text ?? '');
        if (found === null) throw new Error(`${name} has no activation time: ${JSON.stringify(text)}`);
        times.get(name)!.push(Number(found[1]));
      }
    } finally {
      await code.stop();
    }
  }
  return Array.from(times, ([name, all]) => [name, median(all)]);
}
