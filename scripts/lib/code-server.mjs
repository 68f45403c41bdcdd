/** VS Code's server, web workbench and extension host from npm (`code-server`), installed once into the cache. */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { isAlive, withLock } from './lock.mjs';
import { capture } from './processes.mjs';
import { cacheFolder, Failure, say } from './project.mjs';

/** VS Code 1.139.1, which runs on Node 24. */
const version = '4.139.1';
const nodeMajor = 24;

/** @typedef {{ node: string, entry: string }} CodeServer paths of Node and of the server's script */

/**
 * The installed code-server; installs it where the cache has none (about a minute, 810 MB).
 *
 * @returns {Promise<CodeServer>}
 */
export async function codeServer() {
  const name = `code-server-${version}-node${nodeMajor}-${process.platform}-${process.arch}`;
  const folder = path.join(cacheFolder(), name);
  if (!existsSync(folder)) {
    await withLock(
      `${folder}.lock`,
      async () => {
        removeLeftovers(name);
        if (!existsSync(folder)) await install(folder);
      },
      () => say('waiting for another process that is installing VS Code'),
    );
  }
  return {
    node: path.join(folder, 'node/bin/node'),
    entry: path.join(folder, 'server/node_modules/code-server/out/node/entry.js'),
  };
}

/**
 * Installs into a folder beside `folder` and renames it at the end: what has the right name is whole.
 *
 * @param {string} folder
 */
async function install(folder) {
  say(
    `installing VS Code (code-server ${version}) from npm into ${path.dirname(folder)}: about a minute, 810 MB`,
  );
  const partial = `${folder}.partial-${process.pid}`;
  const remove = () => rmSync(partial, { recursive: true, force: true });
  process.once('exit', remove);
  try {
    await installNode(path.join(partial, 'node'));
    await installServer(partial);
    if (!existsSync(folder)) renameSync(partial, folder);
  } finally {
    process.off('exit', remove);
    remove();
  }
}

/** @param {string} folder gets bin/node */
async function installNode(folder) {
  mkdirSync(folder, { recursive: true });
  const own = Number(process.versions.node.split('.')[0]) === nodeMajor;
  if (own) {
    mkdirSync(path.join(folder, 'bin'));
    symlinkSync(process.execPath, path.join(folder, 'bin/node'));
    return;
  }
  const name = `node-${process.platform}-${process.arch}@${nodeMajor}`;
  let archive;
  try {
    archive = (await capture('npm', ['pack', '--silent', '--pack-destination', folder, name])).trim();
  } catch (error) {
    throw new Failure(
      `VS Code ${version} runs on Node ${nodeMajor}, and npm gave no ${name} for this machine. ` +
        `Install Node ${nodeMajor} and run this with it.\n${error instanceof Error ? error.message : error}`,
    );
  }
  const file = path.join(folder, path.basename(archive.split('\n').at(-1) ?? ''));
  await capture('tar', ['xzf', file, '-C', folder, '--strip-components=1']);
  rmSync(file);
}

/** @param {string} folder has node/, gets server/ */
async function installServer(folder) {
  const node = path.join(folder, 'node');
  const env = {
    ...process.env,
    PATH: `${path.join(node, 'bin')}${path.delimiter}${process.env.PATH ?? ''}`,
    npm_config_nodedir: node,
    npm_config_audit: 'false',
    npm_config_fund: 'false',
    npm_config_loglevel: 'error',
  };
  const server = path.join(folder, 'server');
  mkdirSync(server);
  writeFileSync(path.join(server, 'package.json'), '{"private":true}');
  // Its own install script would compile kerberos, which wants system headers and which nothing here uses. What
  // follows is the rest of that script.
  const scriptless = ['install', '--ignore-scripts', '--no-package-lock'];
  await capture('npm', [...scriptless, `code-server@${version}`], { cwd: server, env });
  const vscode = path.join(server, 'node_modules/code-server/lib/vscode');
  await capture('npm', [...scriptless, '--omit=dev'], { cwd: vscode, env });
  await capture('npm', [...scriptless, '--omit=dev'], { cwd: path.join(vscode, 'extensions'), env });
  const system = process.platform === 'darwin' ? 'darwin' : 'linux';
  link(`code-${system}.sh`, path.join(vscode, 'bin/remote-cli/code-server'));
  link(`browser-${system}.sh`, path.join(vscode, 'bin/helpers/browser.sh'));
  await rebuildNative(vscode, env);
}

/**
 * Compiles what has no prebuilt binary. All of it may be absent: log files, the parent watchdog and the integrated
 * terminal then do not work, everything that Headlight uses does.
 *
 * @param {string} vscode
 * @param {NodeJS.ProcessEnv} env
 */
async function rebuildNative(vscode, env) {
  try {
    await capture('npm', ['rebuild', '@vscode/spdlog', '@vscode/native-watchdog', 'node-pty'], {
      cwd: vscode,
      env,
    });
  } catch {
    say('no compiler here: VS Code will do without its integrated terminal and log files');
  }
}

/**
 * @param {string} target
 * @param {string} file
 */
function link(target, file) {
  rmSync(file, { force: true });
  symlinkSync(target, file);
}

/** Removes what interrupted installs left. @param {string} name */
function removeLeftovers(name) {
  for (const entry of readdirSync(cacheFolder())) {
    const pid = entry.startsWith(`${name}.partial-`) ? Number(entry.split('-').at(-1)) : undefined;
    if (pid !== undefined && !isAlive(pid))
      rmSync(path.join(cacheFolder(), entry), { recursive: true, force: true });
  }
}
