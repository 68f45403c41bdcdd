/** Gives the core the class tables of the package, as the worker does. */
import * as path from 'node:path';
import { makeTables } from '../../../src/core/tables/family';
import { provideClassTables } from '../../../src/engine/tables';

provideClassTables(path.join(import.meta.dirname, '../../../media'), () => makeTables);
