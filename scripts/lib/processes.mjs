/** Child processes that leave nothing behind. */
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from './project.mjs';

/** @typedef {{ cwd?: string, env?: NodeJS.ProcessEnv, stdio?: import('node:child_process').StdioOptions }} RunOptions */

/**
 * Runs a program to its end; it ends with this process at the latest.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {RunOptions} [options]
 * @returns {Promise<number>} the exit code, or 128 where a signal ended it
 */
export function run(program, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: options.env,
      stdio: options.stdio ?? ['ignore', 'inherit', 'inherit'],
    });
    // Mocha passes this signal, and no other, on to the process that it starts.
    const end = () => child.kill('SIGINT');
    process.once('exit', end);
    child.once('error', reject);
    child.once('close', (code) => {
      process.off('exit', end);
      resolve(code ?? 128);
    });
  });
}

/**
 * Runs a program quietly; its output stands in the error where it fails.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<string>} standard output
 */
export function capture(program, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    const end = () => child.kill('SIGINT');
    process.once('exit', end);
    let output = '';
    let all = '';
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      output += chunk;
      all += chunk;
    });
    child.stderr.setEncoding('utf8').on('data', (chunk) => (all += chunk));
    child.once('error', reject);
    child.once('close', (code) => {
      process.off('exit', end);
      if (code === 0) resolve(output);
      else reject(new Failure(`${[program, ...args].join(' ')} ended with ${code}\n${tail(all, 40)}`));
    });
  });
}

/**
 * Ends a process group, kindly and then by force, and waits until it is gone.
 *
 * @param {number} leader id of the process that was started with `detached`
 */
export async function endGroup(leader) {
  if (!signalGroup(leader, 'SIGTERM')) return;
  for (let waited = 0; waited < 10_000; waited += 50) {
    await sleep(50);
    if (!signalGroup(leader, waited >= 3000 ? 'SIGKILL' : 0)) return;
  }
}

/**
 * @param {number} leader
 * @param {NodeJS.Signals | 0} signal 0 only asks whether anyone is there
 * @returns {boolean} whether the group still has a process
 */
export function signalGroup(leader, signal) {
  try {
    process.kill(-leader, signal);
    return true;
  } catch {
    return false;
  }
}

/**
 * @param {string} text
 * @param {number} lines
 */
export function tail(text, lines) {
  return text.trimEnd().split('\n').slice(-lines).join('\n');
}

/** Makes signals end this process by `exit`, so that what was started can be ended too. */
export function exitOnSignals() {
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']))
    process.on(signal, () => process.exit(130));
}
