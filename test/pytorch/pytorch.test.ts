/** The second engine with a real Python; run by `npm run test:pytorch`. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import { createEngine } from '../../src/engine/engine';
import { PyTorch } from '../../src/engine/pytorch/pytorch';
import { provideClassTables } from '../../src/engine/tables';
import { makeTables } from '../../src/core/tables/family';
import type { EngineApi } from '../../src/protocol/engine';
import type { PyTorchEngine, RunHead, RunRequest } from '../../src/protocol/run';
import type { Tensor } from '../../src/engine/tensor';
import { States } from '../worker/support/engine';
import { fixtures } from '../worker/support/files';
import { readTensors } from '../worker/support/reference';

const python = process.env['HEADLIGHT_PYTHON'] ?? 'python3';
const reference = process.env['HEADLIGHT_REFERENCE'] ?? fixtures;
const root = path.join(import.meta.dirname, '../..');
const here: PyTorchEngine = { interpreter: python, dtype: 'float32' };
/** So little memory that every model is too large for this machine. */
const cluster: PyTorchEngine = { ...here, memory: 1000, ray: { address: 'local', workers: 2 } };

provideClassTables(path.join(root, 'media'), () => makeTables);
const printed: string[] = [];
const pytorch = new PyTorch({
  script: path.join(root, 'python/helper.py'),
  log: (line) => printed.push(line),
});
const states = new States();
const engine: EngineApi = createEngine({ runChanged: states.runChanged }, { pytorch });

/** What can't be compared, and why: mostly, that transformers 5.18 reads its own files otherwise than it wrote them. */
const NOT_COMPARED: Readonly<Record<string, string>> = {
  beit: 'its config class refuses the config that it saved',
  dinov2: 'its config class refuses the config that it saved',
  dinov3_vit: 'its config class refuses the config that it saved',
  swin: 'its config class refuses the config that it saved',
  swinv2: 'its config class refuses the config that it saved',
  fsmt: 'masks its decoder only without a cache, and the reference was made with one',
  marian: 'makes its position tables anew',
  qwen3_moe: 'its config class takes away the window that the reference has',
  reformer: 'returns its maps in chunks',
  'reformer-hashed': 'returns its maps in chunks',
  'longformer-global-token': 'what its global tokens see are layers of their own',
};

function folders(): string[] {
  return readdirSync(reference)
    .filter((name) =>
      ['config.json', 'reference.safetensors'].every((file) => existsSync(path.join(reference, name, file))),
    )
    .sort();
}

function wanted(folder: string, inputs: ReadonlyMap<string, Tensor>, engine?: PyTorchEngine): RunRequest {
  const ids = (name: string): number[] => [...(inputs.get(name)?.data ?? [])];
  const decoder = ids('decoder_input_ids');
  return {
    configText: readFileSync(path.join(folder, 'config.json'), 'utf8'),
    folder,
    input: { type: 'ids', ids: ids('input_ids'), ...(decoder.length > 0 ? { decoder } : {}) },
    output: true,
    seed: 1,
    ...(engine === undefined ? {} : { pytorch: engine }),
  };
}

async function ran(request: RunRequest): Promise<RunHead> {
  const head = await engine.openRun(1, request);
  assert.deepEqual(await states.ended(head.run), { type: 'done' });
  return head;
}

/** The largest difference of a map from the reference; masked cells count as zero. */
async function worst(head: RunHead, wanted: ReadonlyMap<string, Tensor>): Promise<number> {
  const counts = new Map<string, number>();
  let largest = 0;
  for (const { index, place, heads } of head.layers) {
    const group = place === 'self' ? 'attentions' : `${place}_attentions`;
    const number = counts.get(group) ?? 0;
    counts.set(group, number + 1);
    const own = wanted.get(`${group}.${number}`)!;
    for (let at = 0; at < heads; at++) {
      const values = new Float32Array((await engine.headMap(head.run, index, at)).values);
      values.forEach((value, i) => {
        const size = Math.abs((Number.isNaN(value) ? 0 : value) - own.data[at * values.length + i]!);
        if (!(size <= largest)) largest = size;
      });
    }
  }
  return largest;
}

describe('PyTorch', function () {
  this.timeout(600_000);

  after(() => pytorch.dispose());
  afterEach(function () {
    if (this.currentTest?.state === 'failed') console.log(printed.slice(-30).join('\n'));
  });

  for (const name of folders()) {
    it(`${name}: the maps of the reference`, async function () {
      const folder = path.join(reference, name);
      const tensors = await readTensors(path.join(folder, 'reference.safetensors'));
      // Test pictures and sounds are the engine's own.
      if (!tensors.has('input_ids') || name in NOT_COMPARED) return this.skip();
      const head = await ran(wanted(folder, tensors, here));
      assert.equal(head.engine.name, 'pytorch');
      assert.ok(head.layers.length > 0);
      const error = await worst(head, tensors);
      await engine.closeRun(head.run);
      assert.ok(error <= 1e-5, `${error} away`);
    });
  }

  it('answers as the worker does', async () => {
    const folder = path.join(fixtures, 'llama');
    const tensors = await readTensors(path.join(folder, 'reference.safetensors'));
    const [worker, own] = [
      await ran(wanted(folder, tensors)),
      await ran(wanted(folder, tensors, here)),
    ] as const;
    const plain = ({ layers, tokens }: RunHead): object => ({ layers, tokens });
    assert.deepEqual(plain(own), plain(worker));
    for (const pooling of ['max', 'mean'] as const) {
      const bytes = async ({ run }: RunHead): Promise<Uint8Array> =>
        new Uint8Array((await engine.thumbnails(run, 1, 5, pooling)).bytes);
      const [a, b] = [await bytes(worker), await bytes(own)];
      assert.ok(
        a.every((value, i) => (value === 255 ? b[i] === 255 : Math.abs(value - b[i]!) <= 1)),
        pooling,
      );
    }
    const part = { queries: [3, 9], scores: true } as const;
    close(await engine.headMap(worker.run, 1, 0, part), await engine.headMap(own.run, 1, 0, part));
    close(await engine.hiddenState(worker.run, 2), await engine.hiddenState(own.run, 2));
    close(await engine.output(worker.run, [2, 5]), await engine.output(own.run, [2, 5]));
    for (const { run } of [worker, own]) await engine.closeRun(run);
  });

  it('seeds weights as the class does, and the same ones each time', async () => {
    const folder = path.join(fixtures, 'gpt2');
    const tensors = await readTensors(path.join(folder, 'reference.safetensors'));
    const { folder: _, ...request } = wanted(folder, tensors, here);
    const maps = [];
    for (const seed of [7, 8, 7]) {
      const head = await ran({ ...request, seed });
      assert.deepEqual(head.weights, { type: 'seeded', seed, by: 'torch' });
      maps.push(Buffer.from((await engine.headMap(head.run, 0, 0)).values).toString('hex'));
      await engine.closeRun(head.run);
    }
    assert.equal(maps[0], maps[2]);
    assert.notEqual(maps[0], maps[1]);
  });

  it('refuses what takes more memory than there is, and says what would help', async () => {
    const folder = path.join(fixtures, 'gpt2');
    const tensors = await readTensors(path.join(folder, 'reference.safetensors'));
    await assert.rejects(engine.openRun(1, wanted(folder, tensors, { ...here, memory: 1000 })), {
      code: 'memory',
      message: /headlight\.ray\.address/,
    });
  });

  it('keeps nothing of a hundred runs', async () => {
    const folder = path.join(fixtures, 'gpt2');
    const tensors = await readTensors(path.join(folder, 'reference.safetensors'));
    const runs = async (count: number): Promise<number> => {
      for (let number = 0; number < count; number++) {
        const head = await ran(wanted(folder, tensors, here));
        await engine.thumbnails(head.run, 0, 8);
        await engine.closeRun(head.run);
      }
      return residentBytes(pytorch.pid!);
    };
    const before = await runs(20);
    const after = await runs(100);
    assert.ok(after - before < 20e6, `${before} bytes before, ${after} after`);
  });

  for (const name of ['llama', 't5', 'bert']) {
    it(`${name}: the same maps from two actors of Ray`, async function () {
      const folder = path.join(fixtures, name);
      const tensors = await readTensors(path.join(folder, 'reference.safetensors'));
      const head = await ran(wanted(folder, tensors, cluster));
      assert.match(
        head.engine.device,
        /^Ray: \d of \d blocks on \S+ \(cpu\), \d of \d blocks on \S+ \(cpu\)$/,
      );
      const error = await worst(head, tensors);
      await engine.closeRun(head.run);
      assert.ok(error <= 1e-5, `${error} away`);
    });
  }
});

/** Float32 values of the same shape, within 1e-4 of the largest. */
function close(
  a: { readonly values: ArrayBuffer; readonly shape?: readonly number[] },
  b: { readonly values: ArrayBuffer; readonly shape?: readonly number[] },
): void {
  assert.deepEqual(b.shape, a.shape);
  const [own, other] = [new Float32Array(a.values), new Float32Array(b.values)];
  assert.equal(other.length, own.length);
  const largest = own.reduce((all, value) => (Number.isNaN(value) ? all : Math.max(all, Math.abs(value))), 0);
  own.forEach((value, i) => {
    const same = Number.isNaN(value) ? Number.isNaN(other[i]) : Math.abs(value - other[i]!) <= 1e-4 * largest;
    assert.ok(same, `${value} and ${other[i]} at ${i}`);
  });
}

/** Memory of a process as Linux tells it. */
function residentBytes(pid: number): number {
  const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
  return pages * 4096;
}
