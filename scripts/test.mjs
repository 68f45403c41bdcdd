/**
 * Runs everything that must hold, after doing all set-up itself: `npm test`, or `npm test -- unit vscode` for some
 * stages. The last line is the sum: a test of Mocha or a whole check counts as one.
 */
import { installDependencies } from './lib/dependencies.mjs';
import { exitOnSignals } from './lib/processes.mjs';
import { Failure, runMain, say } from './lib/project.mjs';

exitOnSignals();

await runMain(async () => {
  await installDependencies();
  // Only now: they import from npm.
  const { add, stages } = await import('./lib/stages.mjs');
  const { chromiumPath } = await import('./lib/chromium.mjs');
  const { codeServer } = await import('./lib/code-server.mjs');

  const chosen = process.argv.slice(2);
  const unknown = chosen.filter((name) => !stages.some((stage) => stage.name === name));
  if (unknown.length) {
    throw new Failure(
      `no stage ${unknown.join(', ')}: there are ${stages.map(({ name }) => name).join(', ')}`,
    );
  }
  const toRun = stages.filter(({ name }) => !chosen.length || chosen.includes(name));
  const wants = (/** @type {string[]} */ ...names) => toRun.some(({ name }) => names.includes(name));
  if (wants('vscode', 'vsix')) await codeServer();
  if (wants('webview', 'vscode', 'vsix')) process.env.CHROMIUM_PATH = await chromiumPath();

  let total = { passed: 0, failed: 0, skipped: 0 };
  /** @type {string[]} */
  const summary = [];
  for (const { name, what, run } of toRun) {
    console.log(`\n── ${name}: ${what} ${'─'.repeat(Math.max(0, 80 - name.length - what.length))}`);
    const start = performance.now();
    const tally = await run().catch((error) => {
      console.error(error);
      return { passed: 0, failed: 1, skipped: 0 };
    });
    total = add(total, tally);
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    const skipped = tally.skipped ? `, ${tally.skipped} skipped` : '';
    const line = `${name.padEnd(10)} ${tally.passed} passed, ${tally.failed} failed${skipped} (${seconds} s)`;
    summary.push(`${tally.failed ? '✖' : '✔'} ${line}`);
    say(line);
  }
  console.log(`\n${summary.join('\n')}\n`);
  console.log(`${total.passed} passed, ${total.failed} failed`);
  if (total.failed) process.exitCode = 1;
});
