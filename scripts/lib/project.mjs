/** Where things are, and how scripts speak: used before anything from npm is there, so it imports Node alone. */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository. */
export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** The packaged extension, as `npm run package` writes it. */
export const vsixFile = path.join(root, 'out/headlight.vsix');

/** A mistake or a lack on the user's side: its message says what to do, and no stack helps. */
export class Failure extends Error {}

/** Folder that outlives the repository; HEADLIGHT_CACHE chooses another. */
export function cacheFolder() {
  const base = process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache');
  const folder = path.resolve(process.env.HEADLIGHT_CACHE || path.join(base, 'headlight'));
  mkdirSync(folder, { recursive: true });
  return folder;
}

/**
 * A new temporary folder, which goes when this process ends.
 *
 * @param {string} name
 */
export function temporaryFolder(name) {
  const folder = mkdtempSync(path.join(tmpdir(), `headlight-${name}-`));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** @param {string} line what is being done, in one line */
export function say(line) {
  console.log(`headlight: ${line}`);
}

/** Ends with a clear message where Node is older than the project's tools need. */
export function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    throw new Failure(`Node 20.19 or later is needed; this is ${process.version} (${process.execPath})`);
  }
}

/**
 * Runs a script's main function: a Failure ends it with its message, anything else with its stack.
 *
 * @param {() => Promise<void> | void} main
 */
export async function runMain(main) {
  try {
    requireNode();
    await main();
  } catch (error) {
    console.error(error instanceof Failure ? `headlight: ${error.message}` : error);
    process.exitCode = 1;
  }
}

/**
 * An executable's path from PATH.
 *
 * @param {readonly string[]} names in the order of preference
 */
export function findProgram(names) {
  const folders = (process.env.PATH ?? '').split(path.delimiter).filter(Boolean);
  return names
    .flatMap((name) => folders.map((folder) => path.join(folder, name)))
    .find((file) => existsSync(file));
}
