/**
 * Type-checks every zone by its own tsconfig: `node scripts/typecheck.mjs [ZONE…]`. What was found is kept in node_modules, so that
 * the next time only what changed is checked.
 */
import { availableParallelism } from 'node:os';
import * as path from 'node:path';
import { run } from './lib/processes.mjs';
import { Failure, root, runMain } from './lib/project.mjs';

const zones = ['src/core', 'src/protocol', 'src/engine', 'src/host', 'webview', 'test', 'bench', 'scripts'];

await runMain(async () => {
  const chosen = process.argv.slice(2);
  const waiting = chosen.length ? chosen : [...zones];
  /** @type {string[]} */
  const failed = [];
  const work = async () => {
    for (let zone = waiting.shift(); zone; zone = waiting.shift()) {
      const compiler = path.join(root, 'node_modules/typescript/bin/tsc');
      const kept = path.join(root, 'node_modules/.cache/typecheck', `${zone.replace('/', '-')}.json`);
      const args = [compiler, '-p', zone, '--incremental', '--tsBuildInfoFile', kept];
      if ((await run(process.execPath, args, { cwd: root })) !== 0) failed.push(zone);
    }
  };
  await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, work));
  if (failed.length) throw new Failure(`type errors in ${failed.join(', ')}`);
});
