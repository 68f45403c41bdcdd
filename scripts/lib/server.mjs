/** A running code-server in a throw-away profile. */
import { spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import * as path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeServer } from './code-server.mjs';
import { capture, endGroup, signalGroup, tail } from './processes.mjs';
import { Failure } from './project.mjs';

/** Settings that keep VS Code quiet: no telemetry, no welcome, no offers. */
const quietSettings = {
  'security.workspace.trust.enabled': false,
  'telemetry.telemetryLevel': 'off',
  'workbench.startupEditor': 'none',
  'workbench.enableExperiments': false,
  'workbench.tips.enabled': false,
  'workbench.welcomePage.walkthroughs.openOnInstall': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'chat.disableAIFeatures': true,
  'chat.commandCenter.enabled': false,
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': false,
  'extensions.ignoreRecommendations': true,
};

/**
 * @typedef {object} Profile
 * @property {string} folder holds all the others; removed at the end
 * @property {readonly string[]} args that make code-server use the profile
 * @property {NodeJS.ProcessEnv} env
 * @property {string} log
 */

/**
 * A new profile in a temporary folder.
 *
 * @param {Readonly<Record<string, unknown>>} settings beside the quiet ones
 * @returns {Profile}
 */
export function makeProfile(settings = {}) {
  const folder = mkdtempSync(path.join(tmpdir(), 'headlight-'));
  const inside = (/** @type {string} */ name) => {
    const file = path.join(folder, name);
    mkdirSync(file, { recursive: true, mode: 0o700 });
    return file;
  };
  const userData = inside('user-data');
  writeFileSync(
    path.join(inside('user-data/User'), 'settings.json'),
    JSON.stringify({ ...quietSettings, ...settings }, undefined, 2),
  );
  const config = path.join(folder, 'config.yaml');
  writeFileSync(config, 'auth: none\n');
  return {
    folder,
    args: ['--config', config, '--user-data-dir', userData, '--extensions-dir', inside('extensions')],
    env: profileEnvironment(inside),
    log: path.join(folder, 'server.log'),
  };
}

/**
 * The user's environment, but with every folder that VS Code writes to inside the profile.
 *
 * @param {(name: string) => string} inside
 * @returns {NodeJS.ProcessEnv}
 */
function profileEnvironment(inside) {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(VSCODE|CODE_SERVER|XDG|npm)_|^(PORT|PASSWORD)$/.test(name),
  );
  const gitConfig = process.env.GIT_CONFIG_GLOBAL ?? path.join(homedir(), '.gitconfig');
  return {
    ...Object.fromEntries(kept),
    HOME: inside('home'),
    TMPDIR: inside('tmp'),
    XDG_RUNTIME_DIR: inside('run'),
    ...(existsSync(gitConfig) ? { GIT_CONFIG_GLOBAL: gitConfig } : {}),
  };
}

/**
 * Installs a packaged extension into the profile.
 *
 * @param {Profile} profile
 * @param {string} vsix
 */
export async function installExtension(profile, vsix) {
  const { node, entry } = await codeServer();
  await capture(node, [entry, ...profile.args, '--install-extension', vsix, '--force'], { env: profile.env });
}

/**
 * @typedef {object} Server
 * @property {string} url without a folder
 * @property {number} port
 * @property {Promise<void>} ended when it ended by itself
 * @property {() => Promise<void>} stop ends all its processes and removes the profile
 */

/**
 * Starts code-server on 127.0.0.1 and waits until it answers.
 *
 * @param {Profile} profile
 * @param {{ port: number, args?: readonly string[], env?: NodeJS.ProcessEnv }} options
 * @returns {Promise<Server>}
 */
export async function startServer(profile, { port, args = [], env = {} }) {
  const { node, entry } = await codeServer();
  const log = openSync(profile.log, 'a');
  const quiet = ['--disable-telemetry', '--disable-update-check', '--disable-getting-started-override'];
  const open = ['--auth', 'none', '--disable-proxy', '--disable-workspace-trust'];
  const child = spawn(
    node,
    [entry, ...profile.args, '--bind-addr', `127.0.0.1:${port}`, ...quiet, ...open, ...args],
    { env: { ...profile.env, ...env }, detached: true, stdio: ['ignore', log, log] },
  );
  closeSync(log);
  const ended = new Promise((/** @type {(value: void) => void} */ resolve) =>
    child.once('close', () => resolve()),
  );
  const leader = child.pid;
  if (leader === undefined) throw new Failure(`${node} could not be started`);
  // Where this process ends before it could stop the server.
  const kill = () => {
    signalGroup(leader, 'SIGKILL');
    removeProfile(profile);
  };
  process.once('exit', kill);
  const stop = async () => {
    await endGroup(leader);
    process.off('exit', kill);
    removeProfile(profile);
  };
  const url = `http://127.0.0.1:${port}/`;
  try {
    for (let waited = 0; !(await answers(`${url}healthz`)); waited += 50) {
      const dead = child.exitCode !== null || child.signalCode !== null;
      if (dead || waited > 60_000) {
        const log = tail(readFileSync(profile.log, 'utf8'), 20);
        throw new Failure(`VS Code's server ${dead ? 'ended at once' : 'does not answer'}:\n${log}`);
      }
      await sleep(50);
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, port, ended, stop };
}

/** @param {Profile} profile */
export function removeProfile(profile) {
  rmSync(profile.folder, { recursive: true, force: true, maxRetries: 5 });
}

/** @param {string} url */
async function answers(url) {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}

/**
 * A port that nothing listens on.
 *
 * @param {number} first 0 for any
 * @param {number} last
 * @returns {Promise<number | undefined>} undefined where all from `first` to `last` are taken
 */
export async function freePort(first = 0, last = first) {
  for (let port = first; port <= last; port++) {
    const found = await new Promise((resolve) => {
      const probe = createServer();
      probe.once('error', () => resolve(undefined));
      probe.listen(port, '127.0.0.1', () => {
        const address = probe.address();
        probe.close(() => resolve(typeof address === 'object' ? address?.port : undefined));
      });
    });
    if (found) return found;
  }
  return undefined;
}
