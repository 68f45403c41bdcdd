/** Brings the class tables of the package to the core. */
import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { provideTables } from '../core/service';

/** Where the worker's bundle finds them. */
const FILE = path.join(__dirname, '../media/class-tables.br');

/** They are read when the first config comes that no blueprint is for; most sessions never do. */
export function provideClassTables(file = FILE): void {
  // Plain ASCII, which latin1 decodes fastest.
  provideTables(() => brotliDecompressSync(readFileSync(file)).toString('latin1'));
}
