/** The stages of `npm test`, in order. */
import * as path from 'node:path';
import { run } from './processes.mjs';
import { root, temporaryFolder, vsixFile } from './project.mjs';
import { readResults } from './results.mjs';

/** @typedef {{ passed: number, failed: number, skipped: number }} Tally */
/** @typedef {{ name: string, what: string, run: () => Promise<Tally> }} Stage */

/** @type {readonly Stage[]} */
export const stages = [
  stage('format', 'formatting', () => check(bin('prettier/bin/prettier.cjs'), '--check', '.')),
  stage('lint', 'lint, import directions', () => check(bin('eslint/bin/eslint.js'), '.', '--max-warnings=0')),
  stage('typecheck', 'types of every zone', () => check('scripts/typecheck.mjs')),
  stage('unit', 'unit tests', () => mocha('test/unit/**/*.test.ts')),
  stage('worker', 'worker tests', () => after(build, () => mocha('test/worker/**/*.test.ts'))),
  stage('webview', 'webview tests in Chromium', () => after(build, () => mocha('test/webview/**/*.test.ts'))),
  stage('vscode', 'inside VS Code, from the sources', () => after(build, () => vscode('sources'))),
  stage('vsix', 'inside VS Code, from the package', () => after(packAndBuildTests, () => vscode('vsix'))),
  stage('package', 'contents and sizes of the package', () => check('scripts/check-package.mjs')),
];

/**
 * @param {string} name
 * @param {string} what
 * @param {() => Promise<Tally>} run
 * @returns {Stage}
 */
function stage(name, what, run) {
  return { name, what, run };
}

/** @param {string} file in node_modules */
function bin(file) {
  return path.join('node_modules', file);
}

/**
 * A program that passes or fails as a whole.
 *
 * @param {string} script
 * @param {readonly string[]} args
 * @returns {Promise<Tally>}
 */
async function check(script, ...args) {
  const failed = (await node([script, ...args])) === 0 ? 0 : 1;
  return { passed: 1 - failed, failed, skipped: 0 };
}

/**
 * Mocha suites, which run in this Node.
 *
 * @param {string} files
 * @param {NodeJS.ProcessEnv} [env]
 */
function mocha(files, env = {}) {
  const reporter = path.join(root, 'test/harness/reporter.cjs');
  return counted(env, [bin('mocha/bin/mocha.js'), '--forbid-only', '--reporter', reporter, files]);
}

/**
 * The suites inside VS Code's extension host, and then those that drive it from outside.
 *
 * @param {'sources' | 'vsix'} extension
 */
async function vscode(extension) {
  const env = { HEADLIGHT_EXTENSION: extension, HEADLIGHT_VSIX: vsixFile };
  const inside = await counted(env, ['--import', 'tsx', 'test/harness/inside.ts']);
  return add(inside, await mocha('test/vscode/drive/**/*.test.ts', env));
}

/**
 * Runs Node on something that leaves results, and counts them.
 *
 * @param {NodeJS.ProcessEnv} env
 * @param {readonly string[]} args
 * @returns {Promise<Tally>}
 */
async function counted(env, args) {
  const results = path.join(temporaryFolder('results'), 'results.ndjson');
  const exitCode = await node(args, { ...env, HEADLIGHT_TEST_RESULTS: results });
  const counts = readResults(results, exitCode);
  if (counts.fault) console.log(`  ${counts.fault}`);
  return counts;
}

/** Bundles once for all the stages that want it. */
const build = once(() => node(['esbuild.mjs', '--tests']));

const packAndBuildTests = once(async () => {
  const built = await build();
  return built || node(['scripts/package.mjs', vsixFile]);
});

/**
 * @param {() => Promise<number>} prepare gives an exit code
 * @param {() => Promise<Tally>} work
 * @returns {Promise<Tally>} one failure where the preparation fails
 */
async function after(prepare, work) {
  return (await prepare()) === 0 ? work() : { passed: 0, failed: 1, skipped: 0 };
}

/**
 * @param {() => Promise<number>} work
 * @returns {() => Promise<number>}
 */
function once(work) {
  /** @type {Promise<number> | undefined} */
  let result;
  return () => (result ??= work());
}

/**
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 */
function node(args, env = {}) {
  return run(process.execPath, args, { cwd: root, env: { ...process.env, ...env } });
}

/**
 * @param {Tally} a
 * @param {Tally} b
 * @returns {Tally}
 */
export function add(a, b) {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped };
}
