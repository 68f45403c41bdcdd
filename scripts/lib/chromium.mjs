/** A Chromium for the tests: one that is there, or else one from apt or playwright. */
import { existsSync } from 'node:fs';
import * as path from 'node:path';
import { run } from './processes.mjs';
import { Failure, findProgram, root, say } from './project.mjs';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const macPrograms = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/**
 * Path of a Chromium; CHROMIUM_PATH chooses one. Installs one where there is none.
 *
 * @returns {Promise<string>}
 */
export async function chromiumPath() {
  const chosen = process.env.CHROMIUM_PATH;
  if (chosen && !existsSync(chosen)) throw new Failure(`CHROMIUM_PATH is ${chosen}, which does not exist`);
  return chosen || (await present()) || (await fromApt()) || (await fromPlaywright());
}

/** What an earlier run found or installed, or what the system has. */
async function present() {
  return findProgram(names) ?? macPrograms.find((file) => existsSync(file)) ?? (await playwrightsOwn());
}

async function fromApt() {
  const apt = findProgram(['apt-get']);
  if (!apt) return undefined;
  const isRoot = process.getuid?.() === 0;
  const sudo = isRoot ? undefined : findProgram(['sudo']);
  if (!isRoot && (!sudo || (await run(sudo, ['-n', 'true'], { stdio: 'ignore' })) !== 0)) return undefined;
  say('installing Chromium with apt-get: about a minute');
  const aptGet = (/** @type {string[]} */ ...args) => {
    const command = [...(sudo ? [sudo, '-n'] : []), 'env', 'DEBIAN_FRONTEND=noninteractive', apt, ...args];
    return run(command[0] ?? apt, command.slice(1), { stdio: ['ignore', 'ignore', 'inherit'] });
  };
  await aptGet('update', '-qq');
  // On Ubuntu the package is a stub for a snap, which may not run here: playwright's is tried then.
  if ((await aptGet('install', '-y', '-qq', '--no-install-recommends', 'chromium')) !== 0) return undefined;
  const program = findProgram(names);
  return program && (await run(program, ['--version'], { stdio: 'ignore' })) === 0 ? program : undefined;
}

async function fromPlaywright() {
  say('installing Chromium with playwright: about a minute');
  const cli = path.join(root, 'node_modules/playwright-core/cli.js');
  const code = await run(process.execPath, [cli, 'install', 'chromium']);
  const program = code === 0 ? await playwrightsOwn() : undefined;
  if (program) return program;
  throw new Failure('no Chromium could be installed: install one and set CHROMIUM_PATH to its program');
}

/** Where playwright keeps its Chromium, if it is there. */
async function playwrightsOwn() {
  const { chromium } = await import('playwright-core');
  const file = chromium.executablePath();
  return existsSync(file) ? file : undefined;
}
