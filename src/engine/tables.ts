/** Brings the class tables of the package to the core. */
import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { provideTables } from '../core/service';

/** They are read when the first config comes that no blueprint is for; many sessions never do. */
export function provideClassTables(folder: string): void {
  // Plain ASCII, which latin1 decodes fastest.
  const read = (name: string) =>
    brotliDecompressSync(readFileSync(path.join(folder, name))).toString('latin1');
  provideTables(
    () => read('class-tables.br'),
    () => read('forward-tables.br'),
  );
}
