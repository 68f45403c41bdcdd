import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { build } from '../../src/core/service';
import { namedParameters } from '../../src/core/model/walk';
import { openWeights, type Weights } from '../../src/engine/weights/weights';
import {
  changed,
  configText,
  file,
  fixtures,
  floats,
  removeFolders,
  renamed,
  split,
  temporaryFolder,
} from './support/files';
import { compareFolder } from './support/reference';

async function open(folder: string | undefined, text: string, seed = 1): Promise<Weights> {
  return openWeights(build(text).model!, folder, seed);
}

describe('weights beside a config', () => {
  afterEach(removeFolders);

  const spellings: [string, string, (name: string) => string | undefined][] = [
    ['without the base model’s prefix', 'gpt2', (name) => name.replace(/^transformer\./, '')],
    ['with a prefix that the tree lacks', 'gpt2-base-scale-by-layer', (name) => `transformer.${name}`],
    [
      'with gamma and beta',
      'bert',
      (name) =>
        name.replace('LayerNorm.weight', 'LayerNorm.gamma').replace('LayerNorm.bias', 'LayerNorm.beta'),
    ],
  ];
  for (const [what, fixture, rename] of spellings) {
    it(`are found ${what}`, async () => {
      const { attention, missing, unused } = await compareFolder(renamed(fixture, rename));
      assert.ok(attention <= 1e-5, `attention differs by ${attention}`);
      assert.deepEqual({ missing, unused }, { missing: [], unused: [] });
    });
  }

  it('are found in shards', async () => {
    const folder = temporaryFolder();
    for (const name of ['config.json', 'reference.safetensors']) {
      copyFileSync(path.join(fixtures, 'llama', name), path.join(folder, name));
    }
    const { header, data } = split(readFileSync(path.join(fixtures, 'llama', 'model.safetensors')));
    const weight_map: Record<string, string> = {};
    const shards: Record<string, { shape: number[]; values: Float32Array }>[] = [{}, {}];
    Object.entries(header).forEach(([name, { shape, data_offsets }], i) => {
      const bytes = Uint8Array.from(data.subarray(...data_offsets));
      shards[i % 2]![name] = { shape, values: new Float32Array(bytes.buffer) };
      weight_map[name] = `model-${i % 2}.safetensors`;
    });
    shards.forEach((shard, i) => writeFileSync(path.join(folder, `model-${i}.safetensors`), floats(shard)));
    const index = path.join(folder, 'model.safetensors.index.json');
    writeFileSync(index, JSON.stringify({ weight_map }));
    const { attention, missing } = await compareFolder(folder);
    assert.ok(attention <= 1e-5);
    assert.deepEqual(missing, []);

    weight_map['lm_head.weight'] =
      weight_map['lm_head.weight'] === 'model-0.safetensors' ? 'model-1.safetensors' : 'model-0.safetensors';
    writeFileSync(index, JSON.stringify({ weight_map }));
    await assert.rejects(open(folder, configText('llama')), /index\.json says that tensor "lm_head\.weight"/);
    writeFileSync(
      index,
      JSON.stringify({ weight_map: { ...weight_map, 'lm_head.weight': 'model-9.safetensors' } }),
    );
    await assert.rejects(open(folder, configText('llama')), /model-9\.safetensors: can't be opened/);
    writeFileSync(index, JSON.stringify({ weight_map: { x: '../other/model.safetensors' } }));
    await assert.rejects(open(folder, configText('llama')), /no safetensors file of this folder/);
  });

  it('are those of a single file, whatever an index beside it says', async () => {
    const folder = renamed('llama', (name) => name);
    writeFileSync(
      path.join(folder, 'model.safetensors.index.json'),
      JSON.stringify({ weight_map: { 'lm_head.weight': 'model-00001-of-00002.safetensors' } }),
    );
    const weights = await open(folder, configText('llama'));
    await weights.close();
    assert.deepEqual(weights.origin, {
      type: 'files',
      files: ['model.safetensors'],
      dtype: 'F32',
      tensors: 30,
    });
    assert.deepEqual(weights.missing, []);
  });

  it('are found among thousands of other prefixes, at once', async () => {
    const folder = changed('llama', (header, data) => {
      const own = Object.entries(header).map(([name, tensor]) => [`trunk.${name}`, tensor] as const);
      const others = Array.from({ length: 5000 }, (_, i) => {
        return [`p${i}.x`, { dtype: 'F32', shape: [0], data_offsets: [0, 0] as [number, number] }] as const;
      });
      return { header: Object.fromEntries([...others, ...own]), data };
    });
    const started = performance.now();
    const weights = await open(folder, configText('llama'));
    await weights.close();
    assert.deepEqual(weights.missing, []);
    assert.ok(performance.now() - started < 3000);
  });

  it('are told where they are missing or unused, and seeded', async () => {
    const folder = renamed('llama', (name) => (name === 'lm_head.weight' ? 'extra.weight' : name));
    const weights = await open(folder, configText('llama'));
    assert.deepEqual(weights.missing, ['lm_head.weight']);
    assert.deepEqual(weights.unused, ['extra.weight']);
    const { model } = build(configText('llama'));
    const seeded = await openWeights(model!, undefined, 1);
    await weights.close();
    const head = namedParameters(model!.root).find(({ names }) => names[0] === 'lm_head.weight')!.parameter;
    const values = new Float32Array(16);
    await seeded.rows(head, 66, 1, values);
    assert.ok(values.some((value) => value !== 0));
  });

  it('say where the rows of each parameter are', async () => {
    const weights = await open(
      renamed('llama', (name) => name),
      configText('llama'),
    );
    const { model } = build(configText('llama'));
    for (const { parameter } of namedParameters(model!.root)) {
      assert.deepEqual(weights.sourceOf(parameter).type, 'seeded', 'of another tree');
    }
    await weights.close();
    const own = await openWeights(model!, path.join(fixtures, 'llama'), 1);
    for (const { parameter, names } of namedParameters(model!.root)) {
      const source = own.sourceOf(parameter);
      assert.ok(source.type === 'stored');
      const [piece] = source.pieces;
      assert.equal(piece!.tensor.name, names[0]);
      assert.equal(piece!.rows * piece!.columns * 4, piece!.place.byteLength);
    }
    await own.close();
  });

  it('a tied name that is missing is none', async () => {
    const weights = await open(path.join(fixtures, 'gpt2'), configText('gpt2'));
    await weights.close();
    assert.deepEqual(weights.missing, []);
  });

  const mistakes: [string, () => string, string, RegExp][] = [
    [
      'another shape than the config says',
      () => path.join(fixtures, 'llama'),
      configText('llama').replace('"intermediate_size": 32', '"intermediate_size": 64'),
      /model\.safetensors: tensor "model\.layers\.0\.mlp\.gate_proj\.weight" is \[32, 16\], and the config makes .* \[64, 16\]; set the config/,
    ],
    [
      'weights of another model',
      () => path.join(fixtures, 'vit'),
      configText('llama'),
      /none of its 56 tensors belongs to this model/,
    ],
    [
      'quantised weights',
      () =>
        changed('llama', (header, data) => {
          const norm = { ...header['model.norm.weight']!, dtype: 'I32' };
          return { header: { ...header, 'model.norm.weight': norm }, data };
        }),
      configText('llama'),
      /"model\.norm\.weight" is I32: numbers without scales/,
    ],
  ];
  for (const [what, folder, text, message] of mistakes) {
    it(`are refused: ${what}`, async () => {
      await assert.rejects(open(folder(), text), (error: Error & { code?: string }) => {
        assert.equal(error.code, 'weights');
        assert.match(error.message, message);
        return true;
      });
    });
  }

  it('pickled weights are refused with a way to convert them', async () => {
    const folder = temporaryFolder();
    writeFileSync(path.join(folder, 'pytorch_model.bin'), 'x');
    await assert.rejects(open(folder, configText('llama')), /pytorch_model\.bin.*save_pretrained/);
  });

  it('of 3 GB are read by range, with little memory', async () => {
    const folder = temporaryFolder();
    const rows = 3_000_000;
    const table = { dtype: 'F32', shape: [rows, 256], data_offsets: [0, rows * 1024] };
    const header = file(JSON.stringify({ 'model.embed_tokens.weight': table }));
    const place = path.join(folder, 'model.safetensors');
    writeFileSync(place, header);
    truncateSync(place, header.length + rows * 1024);
    const sizes: Record<string, number> = { vocab_size: rows, hidden_size: 256 };
    const config = { ...(JSON.parse(configText('llama')) as object), ...sizes, head_dim: 8 };
    const { model } = build(JSON.stringify(config));
    const before = process.memoryUsage().rss;
    const weights = await openWeights(model!, folder, 1);
    const { parameter } = namedParameters(model!.root)[0]!;
    const values = new Float32Array(1024).fill(1);
    for (const row of [0, rows / 2, rows - 4]) await weights.rows(parameter, row, 4, values);
    assert.ok(values.every((value) => value === 0));
    assert.ok(process.memoryUsage().rss - before < 100 * 2 ** 20);
    await weights.close();
  });

  it('a folder that is not there has none', async () => {
    const weights = await open(path.join(temporaryFolder(), 'gone'), configText('llama'), 5);
    assert.deepEqual(weights.origin, { type: 'seeded', seed: 5 });
  });
});

describe('seeded weights of a model', () => {
  it('norms are ones, biases zeros, tied parameters one tensor', async () => {
    const { model } = build(configText('gpt2'));
    const weights = await openWeights(model!, undefined, 3);
    const read = async (wanted: string): Promise<Float32Array> => {
      const { parameter } = namedParameters(model!.root).find(({ names }) => names.includes(wanted))!;
      const values = new Float32Array(16);
      await weights.rows(parameter, 0, 1, values);
      return values;
    };
    assert.deepEqual(await read('transformer.h.0.ln_1.weight'), new Float32Array(16).fill(1));
    assert.deepEqual(await read('transformer.h.0.ln_1.bias'), new Float32Array(16));
    assert.deepEqual(await read('lm_head.weight'), await read('transformer.wte.weight'));
    assert.notDeepEqual(await read('transformer.wpe.weight'), await read('transformer.wte.weight'));
  });

  it('start with the deviations that the family gives them', async () => {
    const deviations = async (config: object, wanted: string): Promise<number> => {
      const { model } = build(JSON.stringify(config));
      const weights = await openWeights(model!, undefined, 3);
      const { parameter } = namedParameters(model!.root).find(({ names }) => names.includes(wanted))!;
      const [rows = 1, columns = 1] = parameter.shape;
      const values = new Float32Array(rows * columns);
      await weights.rows(parameter, 0, rows, values);
      return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
    };
    const near = (found: number, wanted: number): void =>
      assert.ok(Math.abs(found / wanted - 1) < 0.01, `${found} for ${wanted}`);
    // T5Model._init_weights and GPT2PreTrainedModel._init_weights of transformers 5.18.
    const t5 = { model_type: 't5', d_ff: 1024 };
    const self = 'encoder.block.0.layer.0.SelfAttention';
    near(await deviations(t5, `${self}.q.weight`), (512 * 64) ** -0.5);
    near(await deviations(t5, `${self}.k.weight`), 512 ** -0.5);
    near(await deviations(t5, 'encoder.block.0.layer.1.DenseReluDense.wo.weight'), 1024 ** -0.5);
    near(await deviations({ ...t5, vocab_size: 300 }, 'shared.weight'), 1);
    const gpt2 = { model_type: 'gpt2', n_layer: 8, n_embd: 384, n_head: 6 };
    near(await deviations(gpt2, 'h.0.attn.c_attn.weight'), 0.02);
    near(await deviations(gpt2, 'h.0.attn.c_proj.weight'), 0.02 / 4);
    near(await deviations(gpt2, 'h.0.mlp.c_proj.weight'), 0.02 / 4);
  });
});
