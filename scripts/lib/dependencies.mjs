/** node_modules as package-lock.json wants it. Runs before anything from npm is there. */
import { existsSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import { run } from './processes.mjs';
import { Failure, root, say } from './project.mjs';

/** Installs what package-lock.json names where it is absent or of another version. */
export async function installDependencies() {
  const wanted = path.join(root, 'package-lock.json');
  // npm writes this one at the end of an install: it says what really lies there.
  const installed = path.join(root, 'node_modules/.package-lock.json');
  if (isComplete(wanted, installed)) return;
  say('installing npm packages: about half a minute');
  const command = existsSync(installed) ? 'install' : 'ci';
  const code = await run('npm', [command, '--no-audit', '--no-fund', '--loglevel=error'], { cwd: root });
  if (code !== 0) throw new Failure(`npm ${command} ended with ${code}`);
}

/**
 * Whether everything in the one lock file stands in the other with the same version.
 *
 * @param {string} wantedFile
 * @param {string} installedFile
 */
export function isComplete(wantedFile, installedFile) {
  if (!existsSync(installedFile)) return false;
  const wanted = packages(wantedFile);
  const installed = packages(installedFile);
  return Object.entries(wanted).every(
    ([name, { version, optional }]) => name === '' || optional || installed[name]?.version === version,
  );
}

/**
 * @param {string} file
 * @returns {Record<string, { version?: string, optional?: boolean }>}
 */
function packages(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages;
}
