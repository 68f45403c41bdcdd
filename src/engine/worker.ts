/** The entry of the worker thread, or of a process of the engine's own: the engine behind the RPC. */
import { createRequire } from 'node:module';
import * as path from 'node:path';
import type { Transferable } from 'node:worker_threads';
import type * as family from '../core/tables/family';
import type { EngineApi, EngineEvents } from '../protocol/engine';
import { connect } from '../protocol/rpc';
import { createEngine } from './engine';
import { hostPort } from './port';
import { PyTorch } from './pytorch/pytorch';
import { provideClassTables } from './tables';

const port = hostPort();
// This bundle stands in dist/, beside the evaluator's and media/.
type Evaluator = typeof family;
const fromHere = createRequire(__filename);
provideClassTables(path.join(__dirname, '../media'), () => (fromHere('./tables.js') as Evaluator).makeTables);

const pytorch = new PyTorch({
  script: path.join(__dirname, '../python/helper.py'),
  log: (line) => process.stderr.write(`PyTorch: ${line}\n`),
});

const host = connect<EngineEvents, EngineApi>(
  createEngine(
    { runChanged: (run, state) => void host.runChanged(run, state) },
    { pytorch, wide: port.wide },
  ),
  {
    post: (message) => port.post(message, buffersIn(message)),
    listen: (receive) => port.listen(receive),
  },
  ['runChanged'],
);

// A rejection that nobody awaits is a fault to be told, not a reason to lose every open run.
process.on('unhandledRejection', (reason) => {
  process.stderr.write(`${reason instanceof Error ? (reason.stack ?? reason.message) : String(reason)}\n`);
});

/** Buffers of an answer, which are made for it and handed over. */
function buffersIn(message: unknown): Transferable[] {
  const answer = (message as { headlight?: { r?: unknown } }).headlight?.r;
  if (typeof answer !== 'object' || answer === null) return [];
  return Object.values(answer).filter((value) => value instanceof ArrayBuffer);
}
