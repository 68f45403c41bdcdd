/**
 * Makes the package and checks it: what vsce lists against what belongs in it, and the sizes against their budgets.
 */
import { existsSync, statSync } from 'node:fs';
import * as path from 'node:path';
import { listFiles, PackageManager } from '@vscode/vsce';
import { packageExtension } from './lib/packaging.mjs';
import { Failure, root, runMain, vsixFile } from './lib/project.mjs';

/** Files that must be there. A folder of the second list may hold any number of others. */
const required = [
  'package.json',
  'package.nls.json',
  'package.nls.zh-cn.json',
  'LICENSE',
  'README.md',
  'CHANGELOG.md',
  'dist/extension.js',
  'dist/worker.js',
  'dist/tables.js',
  'dist/webview/heatmap.js',
  'dist/webview/heatmap.css',
  'dist/webview/graph.js',
  'dist/webview/graph.css',
  'l10n/bundle.l10n.zh-cn.json',
  'media/class-tables.br',
  'media/forward-tables.br',
  'media/icon.png',
  'python/helper.py',
  'python/headlight/__init__.py',
  'python/headlight/cluster.py',
  'python/headlight/failure.py',
  'python/headlight/maps.py',
  'python/headlight/model.py',
  'python/headlight/plan.py',
];
const allowed = [
  /^l10n\/bundle\.l10n(\.[a-z-]+)?\.json$/,
  /^media\/[\w-]+\.(png|svg|md)$/,
  /^dist\/[\w-]+\.wasm$/,
];

/** The largest size of each file, in bytes of 1000 to a kilobyte. */
const budgets = {
  'dist/extension.js': 100_000,
  'dist/worker.js': 800_000,
  'dist/webview/heatmap.js': 250_000,
  'dist/webview/graph.js': 250_000,
  'dist/tables.js': 250_000,
  'media/class-tables.br': 500_000,
  'media/forward-tables.br': 500_000,
  [path.relative(root, vsixFile)]: 3_000_000,
};

await runMain(async () => {
  await packageExtension();
  const files = (await listFiles({ cwd: root, packageManager: PackageManager.None })).sort();
  const faults = [
    ...required.filter((file) => !files.includes(file)).map((file) => `${file} is missing from the package`),
    ...files
      .filter((file) => !required.includes(file) && !allowed.some((pattern) => pattern.test(file)))
      .map((file) => `${file} does not belong in the package`),
  ];
  for (const [file, budget] of Object.entries(budgets)) {
    const size = existsSync(path.join(root, file)) ? statSync(path.join(root, file)).size : 0;
    console.log(`${file.padEnd(28)} ${String(size).padStart(9)} of ${budget} bytes`);
    if (size > budget) faults.push(`${file} has ${size} bytes, ${size - budget} more than its budget`);
  }
  if (faults.length) throw new Failure(faults.join('\n'));
  console.log(`${files.length} files, all expected`);
});
