/** Compiles the kernels where they are not up to date. Mocha requires it, so that tests have them. */
import { buildKernels } from './lib/kernels.mjs';

await buildKernels();
