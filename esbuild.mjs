/**
 * Bundles the extension into dist/: the host's entry, the worker and the webviews.
 *
 *     node esbuild.mjs [--production] [--watch] [--tests]
 *
 * --production  minified, without source maps, into an empty dist/
 * --watch       builds anew whenever a source changes
 * --tests       also bundles the suites that run inside VS Code, into out/test/vscode/
 */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as esbuild from 'esbuild';
import { buildKernels } from './scripts/lib/kernels.mjs';

const root = path.dirname(fileURLToPath(import.meta.url));
const { values: flags } = parseArgs({
  options: { production: { type: 'boolean' }, watch: { type: 'boolean' }, tests: { type: 'boolean' } },
});

/** @type {esbuild.BuildOptions} */
const common = {
  absWorkingDir: root,
  bundle: true,
  metafile: true,
  minify: flags.production ?? false,
  sourcemap: flags.production ? false : 'linked',
  // jsonc-parser's `main` is UMD, whose require calls no bundler follows: they would fail at run time.
  mainFields: ['module', 'main'],
  legalComments: 'none',
  logLevel: 'warning',
};

/** @type {esbuild.BuildOptions} */
const forNode = {
  ...common,
  platform: 'node',
  format: 'cjs',
  target: 'node22',
  external: ['vscode', 'mocha'],
};

/** @type {esbuild.BuildOptions} */
const forBrowser = {
  ...common,
  platform: 'browser',
  mainFields: ['browser', 'module', 'main'],
  format: 'iife',
  target: 'chrome134',
  jsx: 'automatic',
  jsxImportSource: 'preact',
};

/** @typedef {{ options: esbuild.BuildOptions, outdir: string, entries: Record<string, string> }} Bundle */

/** @type {Bundle[]} */
const bundles = [
  {
    options: forNode,
    outdir: 'dist',
    entries: {
      extension: 'src/extension.ts',
      worker: 'src/engine/worker.ts',
      // The evaluator of the class tables, which the worker loads when a config needs it.
      tables: 'src/core/tables/family.ts',
    },
  },
  {
    options: forBrowser,
    outdir: 'dist/webview',
    entries: { heatmap: 'webview/heatmap/main.tsx', graph: 'webview/graph/main.tsx' },
  },
];
if (flags.tests) bundles.push({ options: forNode, outdir: 'out/test/vscode', entries: testEntries() });

if (flags.production) rmSync(path.join(root, 'dist'), { recursive: true, force: true });
if (flags.tests) rmSync(path.join(root, 'out/test/vscode'), { recursive: true, force: true });

const missing = bundles.flatMap(({ entries }) => Object.values(entries).filter((entry) => !exists(entry)));
for (const entry of missing) console.error(`esbuild: ${entry} does not exist, so its bundle is not made`);

try {
  await buildKernels();
  await Promise.all(bundles.map(flags.watch ? watch : build));
  if (!flags.watch) process.exitCode = missing.length ? 1 : 0;
} catch (error) {
  // esbuild has already printed what is wrong in the sources; anything else is a fault of this script.
  if (!(error instanceof Error && 'errors' in error)) throw error;
  process.exitCode = 1;
}

/** @param {Bundle} bundle */
async function build(bundle) {
  const options = buildOptions(bundle);
  if (options) report((await esbuild.build(options)).metafile);
}

/** @param {Bundle} bundle */
async function watch(bundle) {
  const options = buildOptions(bundle);
  if (!options) return;
  const said = {
    name: 'say-when-built',
    /** @param {esbuild.PluginBuild} plugin */
    setup: (plugin) =>
      plugin.onEnd(({ errors, metafile }) => {
        if (errors.length) console.error(`esbuild: ${errors.length} errors`);
        else report(metafile);
      }),
  };
  await (await esbuild.context({ ...options, plugins: [said] })).watch();
}

/**
 * What esbuild is to do for a bundle; undefined where none of its entries exists.
 *
 * @param {Bundle} bundle
 */
function buildOptions({ options, outdir, entries }) {
  const entryPoints = Object.fromEntries(Object.entries(entries).filter(([, entry]) => exists(entry)));
  return Object.keys(entryPoints).length ? { ...options, outdir, entryPoints } : undefined;
}

/** The Mocha entry inside the extension host and its suites, each a bundle of its own. */
function testEntries() {
  /** @type {Record<string, string>} */
  const entries = { index: 'test/vscode/index.ts' };
  const folder = path.join(root, 'test/vscode/suite');
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    if (name.endsWith('.test.ts'))
      entries[`suite/${name.slice(0, -'.ts'.length)}`] = `test/vscode/suite/${name}`;
  }
  return entries;
}

/**
 * Prints the size of each file that was written, and its largest inputs.
 *
 * @param {esbuild.Metafile | undefined} metafile
 */
function report(metafile) {
  for (const [file, { bytes, inputs }] of Object.entries(metafile?.outputs ?? {})) {
    if (file.endsWith('.map')) continue;
    const largest = Object.entries(inputs)
      .sort(([, a], [, b]) => b.bytesInOutput - a.bytesInOutput)
      .slice(0, 3)
      .map(
        ([input, { bytesInOutput }]) =>
          `${input.replace(/^.*node_modules\//, '')} ${kilobytes(bytesInOutput)}`,
      );
    console.log(`${file.padEnd(28)} ${kilobytes(bytes).padStart(9)}   ${largest.join(', ')}`);
  }
}

/** @param {number} bytes */
function kilobytes(bytes) {
  return `${(bytes / 1000).toFixed(1)} KB`;
}

/** @param {string} file relative to the root */
function exists(file) {
  return existsSync(path.join(root, file));
}
