/** The packaged extension. Imports vsce, so the dependencies must be installed. */
import { mkdirSync } from 'node:fs';
import * as path from 'node:path';
import { createVSIX } from '@vscode/vsce';
import { Failure, root, vsixFile } from './project.mjs';

/**
 * Bundles for production (by the script `vscode:prepublish`) and packs the .vsix. Everything is bundled, so no
 * dependency goes in.
 *
 * @param {string} [file]
 * @returns {Promise<string>} its path
 */
export async function packageExtension(file = vsixFile) {
  mkdirSync(path.dirname(file), { recursive: true });
  try {
    await createVSIX({
      cwd: root,
      packagePath: file,
      dependencies: false,
      allowMissingRepository: true,
      rewriteRelativeLinks: false,
    });
  } catch (error) {
    // vsce rejects with nothing where the bundler failed, which has then said why.
    throw error instanceof Error ? error : new Failure('the extension could not be packaged');
  }
  return file;
}
