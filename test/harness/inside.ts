/** Runs things inside VS Code's extension host: the Mocha suites of test/vscode/suite, or any other entry. */
import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { tail } from '../../scripts/lib/processes.mjs';
import { root, temporaryFolder } from '../../scripts/lib/project.mjs';
import { readResults } from '../../scripts/lib/results.mjs';
import { prepareVSCode, type Options, type VSCode } from './vscode';

/** The bundle that `node esbuild.mjs --tests` makes. */
export const suite = path.join(root, 'out/test/vscode/index.js');

/**
 * Runs the Mocha suite inside VS Code and prints its results.
 *
 * @returns whether all tests passed
 */
export async function runSuite(options: Options = {}): Promise<boolean> {
  const results =
    process.env.HEADLIGHT_TEST_RESULTS ?? path.join(temporaryFolder('results'), 'results.ndjson');
  const env = { ...options.env, HEADLIGHT_TEST_RESULTS: results };
  const exitCode = await runInside(suite, { ...options, env });
  const { failed, lines, fault } = readResults(results, exitCode);
  console.log(lines.join('\n'));
  if (fault) console.error(fault);
  return failed === 0;
}

/**
 * Has VS Code call `run` of the bundle `entry` inside its extension host; HEADLIGHT_VERBOSE=1 prints its console.
 *
 * @returns the exit code: 0 where `run` resolved
 * @throws where VS Code does not end by itself within `minutes`
 */
export async function runInside(entry: string, options: Options = {}, minutes = 5): Promise<number> {
  const code = await prepareVSCode({ ...options, tests: entry });
  try {
    return await untilItEnds(code, minutes);
  } catch (error) {
    console.error(tail(readFileSync(code.log, 'utf8'), 30));
    throw error;
  } finally {
    await code.stop();
  }
}

/** Opens the window, in which VS Code starts the tests at once, and waits for the code that it ends with. */
async function untilItEnds({ page, url }: VSCode, minutes: number): Promise<number> {
  const { promise: exit, resolve: ended } = withResolvers<number>();
  await page.exposeFunction('codeAutomationExit', ended);
  await page.exposeFunction('codeAutomationLog', (_type: string, args: unknown[] = []) => {
    if (process.env.HEADLIGHT_VERBOSE) console.log(...args);
  });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const message = `VS Code did not end its tests within ${minutes} minutes`;
    timer = setTimeout(() => reject(new Error(message)), minutes * 60_000);
  });
  try {
    await page.goto(url);
    return await Promise.race([exit, late]);
  } finally {
    clearTimeout(timer);
  }
}

function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => (resolve = settle));
  return { promise, resolve };
}

if (require.main === module) {
  runSuite().then(
    (passed) => (process.exitCode = passed ? 0 : 1),
    (error: unknown) => {
      console.error(error);
      process.exitCode = 1;
    },
  );
}
