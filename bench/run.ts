/**
 * npm run bench: analysis against transformers, keystrokes and activation in real VS Code, and sizes, in one run.
 * On what `npm run package` made last. Writes docs/performance.md.
 *
 *     npm run bench -- --python /path/to/python   a Python with torch and transformers, for the peer's column
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import * as path from 'node:path';
import { parseArgs } from 'node:util';
import { build, type BuildOptions } from 'esbuild';
import { root, vsixFile } from '../scripts/lib/project.mjs';
import { runInside } from '../test/harness/inside';
import { activationTimes } from './activation';
import { writeSection } from './page';
import { report, type Keystrokes, type Ours, type Peer } from './report';

const samples = path.join(root, 'samples');

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { python: { type: 'string', default: process.env.HEADLIGHT_PYTHON ?? 'python3' } },
  });
  const scratch = mkdtempSync(path.join(tmpdir(), 'headlight-bench-'));
  try {
    const client = path.join(scratch, 'client.cjs');
    const suite = path.join(scratch, 'vscode.cjs');
    const node: BuildOptions = { bundle: true, platform: 'node', format: 'cjs', external: ['vscode'] };
    await build({ ...node, entryPoints: [path.join(root, 'bench/client.ts')], outfile: client });
    await build({ ...node, entryPoints: [path.join(root, 'bench/vscode/index.ts')], outfile: suite });

    const configs = readdirSync(samples)
      .map((name) => path.join(samples, name, 'config.json'))
      .filter(existsSync);
    console.log('analysis, beside transformers on the meta device …');
    const ours = JSON.parse(
      run(process.execPath, [client, path.join(root, 'dist/worker.js'), ...configs]),
    ) as Ours;
    const peer = peerOf(values.python, configs);
    for (const { path: file, total } of ours.configs) {
      const theirs = peer?.configs.find((each) => each.path === file)?.total;
      if (theirs !== undefined && theirs !== total)
        throw new Error(`${file}: ${total} here, ${theirs} there`);
    }
    console.log('keystrokes in VS Code …');
    const results = path.join(scratch, 'keystrokes.json');
    await runInside(suite, { env: { HEADLIGHT_BENCH_RESULTS: results } });
    const keystrokes = JSON.parse(readFileSync(results, 'utf8')) as Keystrokes;

    console.log('activation …');
    const activation = await activationTimes(vsixFile, 3);

    const text = report({ ours, peer, keystrokes, activation, sizes: sizes(), cores: cpus().length });
    writeSection('extension', text);
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/** Undefined where that Python has no transformers. */
function peerOf(python: string, configs: string[]): Peer | undefined {
  try {
    return JSON.parse(run(python, [path.join(root, 'bench/peer.py'), ...configs])) as Peer;
  } catch (error) {
    console.error(`no peer: ${python} can't run transformers (${String(error).split('\n')[0]})`);
    return undefined;
  }
}

function run(command: string, args: string[]): string {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

function sizes(): [string, number][] {
  const dist = path.join(root, 'dist');
  const files = readdirSync(dist, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(js|css)$/.test(file))
    .sort()
    .map((file) => [`dist/${file}`, statSync(path.join(dist, file)).size] as [string, number]);
  return [
    ...files,
    ...(existsSync(vsixFile) ? [[path.basename(vsixFile), statSync(vsixFile).size] as [string, number]] : []),
  ];
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
