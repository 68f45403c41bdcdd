/** Makes the .vsix: `node scripts/package.mjs [FILE]`. */
import * as path from 'node:path';
import { packageExtension } from './lib/packaging.mjs';
import { root, runMain } from './lib/project.mjs';

await runMain(async () => {
  const chosen = process.argv[2];
  const file = await packageExtension(chosen && path.resolve(chosen));
  console.log(path.relative(root, file));
});
