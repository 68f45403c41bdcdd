/**
 * From the start of a process to the maps of a model, by the worker as it is shipped: `node cold.cjs WORKER CONFIG LENGTH
 * MEMORY`. Prints a JSON line: layers done, whether their maps are kept, their bytes, and the process's largest memory.
 */
import { Worker } from 'node:worker_threads';
import type { EngineApi, EngineEvents } from '../../src/protocol/engine';
import { connect } from '../../src/protocol/rpc';

const [, , workerFile = '', configText = '', length = '', memory = ''] = process.argv;

async function main(): Promise<void> {
  const worker = new Worker(workerFile);
  let done = (): void => {};
  const ended = new Promise<void>((resolve) => (done = resolve));
  const engine = connect<EngineApi, EngineEvents>(
    {
      runChanged: (_, state) => {
        if (state.type === 'failed') throw new Error(JSON.stringify(state));
        if (state.type !== 'running') done();
      },
    },
    {
      post: (message) => worker.postMessage(message),
      listen: (receive) => worker.on('message', receive),
    },
  );
  await engine.configure({ memory: Number(memory) });
  const before = process.resourceUsage().maxRSS;
  const ids = Array.from({ length: Number(length) }, (_, i) => (i * 7) % 1000);
  const head = await engine.openRun(1, { configText, input: { type: 'ids', ids }, seed: 1 });
  await ended;
  const bytes = head.layers.reduce((sum, { heads, queries, keys }) => sum + 4 * heads * queries * keys, 0);
  const peak = process.resourceUsage().maxRSS;
  console.log(
    JSON.stringify({
      layers: head.layers.length,
      maps: head.maps,
      bytes,
      before: 1024 * before,
      peak: 1024 * peak,
    }),
  );
  process.exit();
}

void main();
