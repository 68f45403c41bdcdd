/**
 * npm run bench:engine: the attention engine beside torch and transformers, in turn and with the same number of threads.
 * Writes its part of docs/performance.md.
 *
 *     npm run bench:engine -- --python /path/to/python --node /path/to/node --rounds 3
 *
 * --python  one with torch and transformers, for the peer's columns
 * --node    the Node that runs the engine, as VS Code's would; this one where it is left out
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import * as path from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { root } from '../../scripts/lib/project.mjs';
import { writeSection } from '../page';
import { median } from '../statistics';
import { attentions, bertBase, forwards, gpt2, products, type Asked, type Named } from './cases';
import { report, type Compared, type Footprint } from './report';
import { Answerer } from './answerer';

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      python: { type: 'string', default: process.env.HEADLIGHT_PYTHON ?? 'python3' },
      node: { type: 'string', default: process.execPath },
      rounds: { type: 'string', default: '3' },
    },
  });
  const scratch = mkdtempSync(path.join(tmpdir(), 'headlight-bench-'));
  const ours = await bundled(scratch, 'bench/engine/ours.ts');
  const cold = await bundled(scratch, 'bench/engine/cold.ts');
  const worker = await bundled(scratch, 'src/engine/worker.ts');
  const rounds = Number(values.rounds);
  const [load = 0] = loadavg();
  const here = new Answerer(spawn(values.node, [ours], { stdio: ['pipe', 'pipe', 'inherit'] }));
  const joined = new Answerer(spawn(values.node, [ours, 'wide'], { stdio: ['pipe', 'pipe', 'inherit'] }));
  const peer = path.join(root, 'bench/engine/peer.py');
  const there = new Answerer(spawn(values.python, [peer], { stdio: ['pipe', 'pipe', 'inherit'] }));
  try {
    const threads = [...new Set([1, availableParallelism()])];
    const compare = async (cases: readonly Named[]): Promise<Compared[]> => {
      const compared = [];
      for (const { name, asked, repetitions } of cases) {
        for (const count of threads) {
          const question: Asked = { ...asked, threads: count, repetitions };
          const [own, wide, other]: [number[], number[], number[]] = [[], [], []];
          for (let round = 0; round < rounds; round++) {
            own.push(...(await here.ask(question)));
            wide.push(...(await joined.ask(question)));
            other.push(...(await there.ask(question)));
          }
          compared.push({
            name,
            asked,
            threads: count,
            own: median(own),
            wide: median(wide),
            other: median(other),
          });
          console.log(
            `${name}, ${count} threads: ${median(own).toFixed(1)} ms, wide ${median(wide).toFixed(1)} ms, ` +
              `torch ${median(other).toFixed(1)} ms`,
          );
        }
      }
      return compared;
    };
    const tables = {
      products: await compare(products),
      attentions: await compare(attentions),
      forwards: await compare(forwards),
    };
    const start = (config: object, length: number, memory: number): Footprint => {
      const given = [cold, worker, JSON.stringify(config), String(length), String(memory)];
      return JSON.parse(execFileSync(values.node, given, { encoding: 'utf8' })) as Footprint;
    };
    const starts = { own: [] as number[], other: [] as number[] };
    for (let round = 0; round < rounds; round++) {
      starts.own.push(elapsed(() => void start(bertBase, 128, 2 ** 30)));
      const script = path.join(root, 'bench/engine/cold.py');
      starts.other.push(
        elapsed(() => execFileSync(values.python, [script, JSON.stringify(bertBase), '128'])),
      );
    }
    const version = execFileSync(values.node, [
      '-p',
      '`Node ${process.versions.node} (V8 ${process.versions.v8})`',
    ]);
    writeSection(
      'engine',
      report({
        ...tables,
        rounds,
        cores: availableParallelism(),
        load: [load, loadavg()[0]!],
        node: String(version).trim(),
        cold: { own: median(starts.own), other: median(starts.other) },
        kept: start(gpt2, 1024, 2 ** 31),
        streamed: start(gpt2, 1024, 2 ** 27),
      }),
    );
  } finally {
    here.end();
    joined.end();
    there.end();
    rmSync(scratch, { recursive: true });
  }
}

async function bundled(folder: string, entry: string): Promise<string> {
  const outfile = path.join(folder, `${path.basename(entry, '.ts')}.cjs`);
  await build({
    entryPoints: [path.join(root, entry)],
    outfile,
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    mainFields: ['module', 'main'],
    logLevel: 'error',
  });
  return outfile;
}

/** Milliseconds. */
function elapsed(work: () => void): number {
  const begun = performance.now();
  work();
  return performance.now() - begun;
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
