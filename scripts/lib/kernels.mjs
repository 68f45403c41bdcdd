/**
 * Compiles the kernels, AssemblyScript in src/engine/kernels/assembly, to WebAssembly: src/engine/kernels/wasm/binaries.js holds the three
 * builds, compressed by Brotli, as base64 text, so that bundles and tests find them alike. It is made anew when a source has changed.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { tileSource } from './tiles.mjs';
import { installDependencies } from './dependencies.mjs';
import { Failure, root, say } from './project.mjs';

const sources = path.join(root, 'src/engine/kernels/assembly');
const result = path.join(root, 'src/engine/kernels/wasm/binaries.js');

/** Fused multiply–add needs relaxed SIMD; tiles of 16 columns pay on machines with more registers. */
const builds = [
  { name: 'plain', fused: false, wide: false },
  { name: 'fused', fused: true, wide: false },
  { name: 'wide', fused: true, wide: true },
];

/** Bytes of all builds together. */
const BUDGET = 100_000;

/** Compiles where the result is not of the sources as they are. */
export async function buildKernels() {
  const mark = `// Made by scripts/lib/kernels.mjs of sources ${fingerprint()}\n`;
  if (existsSync(result) && readFileSync(result, 'utf8').startsWith(mark)) return;
  const { default: compiler } = await import('assemblyscript/asc').catch(async () => {
    await installDependencies();
    return import('assemblyscript/asc');
  });
  let text = mark;
  let bytes = 0;
  for (const build of builds) {
    const binary = await compile(compiler, build);
    bytes += binary.length;
    text += `export const ${build.name} =\n  '${brotliCompressSync(binary).toString('base64')}';\n`;
  }
  if (bytes > BUDGET)
    throw new Failure(`the kernels have ${bytes} bytes of the ${BUDGET} that they may have`);
  // Whole or not at all, also where two processes make it at once.
  mkdirSync(path.dirname(result), { recursive: true });
  const unfinished = `${result}.${process.pid}`;
  writeFileSync(unfinished, text);
  renameSync(unfinished, result);
  say(`kernels compiled: ${bytes} bytes`);
}

/**
 * @param {typeof import('assemblyscript/asc').default} compiler
 * @param {{ fused: boolean, wide: boolean }} build
 * @returns {Promise<Uint8Array>}
 */
async function compile(compiler, { fused, wide }) {
  /** @type {Uint8Array | undefined} */
  let binary;
  const { error, stderr } = await compiler.main(
    [
      ...['index.ts', '-o', 'kernels.wasm', '-O3', '--noAssert', '--runtime', 'stub'],
      ...['--importMemory', '--sharedMemory', '--initialMemory', '2', '--maximumMemory', '65536'],
      ...['--enable', 'simd', '--enable', 'threads', ...(fused ? ['--enable', 'relaxed-simd'] : [])],
      ...['--use', `FUSED=${fused ? 1 : 0}`],
    ],
    {
      readFile: (file) => {
        if (file === 'tiles.ts') return tileSource(wide);
        // A name of their own keeps the sources from TypeScript's tools: they are no TypeScript.
        const source = path.join(sources, file.replace(/\.ts$/, '.as'));
        return existsSync(source) ? readFileSync(source, 'utf8') : null;
      },
      writeFile: (_, contents) => {
        binary = Buffer.from(contents);
      },
      listFiles: () => [],
    },
  );
  if (error ?? !binary) throw new Failure(`the kernels do not compile: ${error?.message}\n${stderr}`);
  return binary;
}

function fingerprint() {
  const hash = createHash('sha256');
  for (const file of readdirSync(sources).sort()) hash.update(readFileSync(path.join(sources, file)));
  hash.update(readFileSync(path.join(root, 'scripts/lib/tiles.mjs')));
  hash.update(readFileSync(path.join(root, 'scripts/lib/kernels.mjs')));
  return hash.digest('hex').slice(0, 16);
}
