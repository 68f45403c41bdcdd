/** Runs the suites of test/vscode/suite in desktop VS Code, which is downloaded: `npm run test:desktop`. */
import { cpSync, existsSync } from 'node:fs';
import * as path from 'node:path';
import { runTests } from '@vscode/test-electron';
import { installDependencies } from '../../scripts/lib/dependencies.mjs';
import { run } from '../../scripts/lib/processes.mjs';
import { Failure, root, runMain, temporaryFolder } from '../../scripts/lib/project.mjs';
import { readResults } from '../../scripts/lib/results.mjs';

/** `stable`, or a version: the oldest that the extension supports is worth a run. */
const version = process.env.HEADLIGHT_DESKTOP_VERSION ?? 'stable';

void runMain(async () => {
  await installDependencies();
  const built = await run(process.execPath, ['esbuild.mjs', '--tests'], { cwd: root });
  if (built !== 0) throw new Failure('the build failed');
  const folder = temporaryFolder('desktop');
  const workspace = path.join(folder, 'workspace');
  for (const source of ['samples', 'test/fixtures/workspace']) {
    if (existsSync(path.join(root, source))) cpSync(path.join(root, source), workspace, { recursive: true });
  }
  const results = path.join(folder, 'results.ndjson');
  const { exitCode, reason } = await runTests({
    version,
    extensionDevelopmentPath: root,
    extensionTestsPath: path.join(root, 'out/test/vscode/index.js'),
    extensionTestsEnv: { HEADLIGHT_TEST_RESULTS: results, HEADLIGHT_EXTENSION: 'sources' },
    launchArgs: [
      workspace,
      '--disable-extensions',
      '--disable-workspace-trust',
      '--no-sandbox',
      `--user-data-dir=${path.join(folder, 'user-data')}`,
    ],
  }).then(
    (exitCode) => ({ exitCode, reason: undefined }),
    (error: unknown) => ({ exitCode: 1, reason: error }),
  );
  const { passed, failed, lines, fault } = readResults(results, exitCode);
  console.log(lines.join('\n'));
  if (fault) console.error(fault, reason ?? '');
  console.log(`${passed} passed, ${failed} failed`);
  if (failed) process.exitCode = 1;
});
