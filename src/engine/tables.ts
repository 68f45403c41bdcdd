/** Brings the class tables of the package to the core, and their evaluator, a bundle of its own. */
import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { provideTables } from '../core/service';
import type { makeTables } from '../core/tables/family';

/**
 * They are loaded when the first config comes that no blueprint is for; many sessions never do.
 *
 * @param folder where the tables' files are.
 * @param evaluator loads the evaluator.
 */
export function provideClassTables(folder: string, evaluator: () => typeof makeTables): void {
  // Plain ASCII, which latin1 decodes fastest.
  const read = (name: string) =>
    brotliDecompressSync(readFileSync(path.join(folder, name))).toString('latin1');
  provideTables(() =>
    evaluator()(
      () => read('class-tables.br'),
      () => read('forward-tables.br'),
    ),
  );
}
