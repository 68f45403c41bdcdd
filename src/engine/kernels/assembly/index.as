/** What the module exports. */
export { control, scratchSize, serve, step, zero } from './jobs';
