/**
 * One process that starts the shipped worker and asks it to analyse configs, as the extension host does.
 *
 *     node client.cjs WORKER CONFIG…
 *
 * Prints a JSON line: milliseconds from the process's start to the first answer, and for each config its total and the
 * first and the median further time.
 */
import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { Worker } from 'node:worker_threads';
import type { EngineApi, EngineEvents } from '../src/protocol/engine';
import { connect } from '../src/protocol/rpc';
import { median } from './statistics';

const [, , workerFile = '', ...configs] = process.argv;
const workload = { batch: 1, tokens: 1024, decoderTokens: 128, context: 4096 };
const rounds = 30;

async function main(): Promise<void> {
  const worker = new Worker(workerFile);
  const engine = connect<EngineApi, EngineEvents>(
    { runChanged: () => undefined },
    {
      post: (message) => worker.postMessage(message),
      listen: (receive) => worker.on('message', receive),
    },
  );
  let ticket = 0;
  let firstAnswer = 0;
  const measured = [];
  for (const path of configs) {
    const text = readFileSync(path, 'utf8');
    const times: number[] = [];
    let total = 0;
    for (let round = 0; round <= rounds; round++) {
      const begun = performance.now();
      const { figures } = await engine.analyse(++ticket, { text, workload });
      times.push(performance.now() - begun);
      // performance.now() counts from the process's start.
      firstAnswer ||= performance.now();
      total = figures?.parameters.total ?? 0;
    }
    measured.push({ path, total, first: times[0], warm: median(times.slice(1)) });
  }
  console.log(JSON.stringify({ firstAnswer, configs: measured }));
  await worker.terminate();
}

void main();
