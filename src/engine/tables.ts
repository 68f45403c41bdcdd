/** Brings the class tables of the package to the core. */
import { readFileSync } from 'node:fs';
import { brotliDecompressSync } from 'node:zlib';
import { provideTables } from '../core/service';

/** They are read when the first config comes that no blueprint is for; many sessions never do. */
export function provideClassTables(file: string): void {
  // Plain ASCII, which latin1 decodes fastest.
  provideTables(() => brotliDecompressSync(readFileSync(file)).toString('latin1'));
}
