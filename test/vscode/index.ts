/** Mocha inside the extension host: VS Code imports this file and calls `run`. */
import { readdirSync } from 'node:fs';
import * as path from 'node:path';
import type MochaClass from 'mocha';
import Reporter from '../harness/reporter.cjs';

/** Runs the suites beside this file; rejects, so that VS Code ends with code 1, where a test fails. */
export async function run(): Promise<void> {
  // Not bundled: the suites' globals come from the one that runs them.
  const { default: Mocha } = (await import('mocha')) as { default: typeof MochaClass };
  const mocha = new Mocha({ ui: 'bdd', color: false, timeout: 60_000, forbidOnly: true, reporter: Reporter });
  const folder = path.join(__dirname, 'suite');
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.test.js'))) {
    mocha.addFile(path.join(folder, name));
  }
  await new Promise<void>((resolve, reject) => {
    mocha.run((failures) => {
      if (failures) reject(new Error(`${failures} tests failed`));
      else resolve();
    });
  });
}
