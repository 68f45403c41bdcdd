import assert from 'node:assert/strict';
import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { build } from '../../src/core/service';
import { openWeights, type Weights } from '../../src/engine/weights/weights';
import { configText, fixtures, removeFolders, temporaryFolder } from './support/files';
import { floatTensor, gguf, text } from './support/gguf';
import { allValues } from './support/parameters';

const models = path.join(import.meta.dirname, '../fixtures/gguf');
const families = readdirSync(models).filter((name) => existsSync(path.join(models, name, 'model.gguf')));

async function open(
  config: string,
  place: string,
): Promise<{ weights: Weights; values: Map<string, Float32Array> }> {
  const model = build(config).model!;
  const weights = await openWeights(model, place, 1);
  const values = await allValues(model, weights);
  await weights.close();
  return { weights, values };
}

describe('GGUF files of llama.cpp’s converter hold the values of safetensors files', () => {
  it('has its families', () => assert.equal(families.length, 12));

  for (const family of families) {
    it(family, async () => {
      const folder = path.join(models, family);
      const config = readFileSync(path.join(folder, 'config.json'), 'utf8');
      const own = await open(config, path.join(folder, 'model.gguf'));
      const both = existsSync(path.join(folder, 'model.safetensors'));
      const wanted = await open(config, both ? folder : path.join(fixtures, family));
      // The converter leaves out BERT's head.
      const left = own.weights.missing.filter((name) => !name.startsWith('cls.predictions.'));
      assert.deepEqual([left, own.weights.unused], [[], []]);
      assert.equal(typeof own.weights.metadata!.value('general.architecture'), 'string');
      for (const [name, values] of wanted.values) {
        if (own.weights.missing.includes(name)) continue;
        const found = own.values.get(name)!;
        // Gemma's norms are stored as 1 + weight, which rounds.
        const tolerance = family === 'gemma' && name.includes('norm') ? 1e-7 : 0;
        const worst = values.reduce((most, value, i) => Math.max(most, Math.abs(value - found[i]!)), 0);
        assert.ok(worst <= tolerance, `${name} differs by ${worst}`);
      }
    });
  }
});

describe('GGUF files beside a config', () => {
  afterEach(removeFolders);

  function beside(files: Record<string, string | Buffer>): string {
    const folder = temporaryFolder();
    for (const [name, from] of Object.entries(files)) {
      if (typeof from === 'string') copyFileSync(from, path.join(folder, name));
      else writeFileSync(path.join(folder, name), from);
    }
    return folder;
  }

  const llama = path.join(models, 'llama/model.gguf');
  const empty = gguf({ 'general.architecture': text('llama') }, [floatTensor('x', [1], [1])]);
  const partial = gguf({ 'general.architecture': text('llama') }, [
    floatTensor('output_norm.weight', [16], new Float32Array(16)),
  ]);

  for (const [what, files, chosen] of [
    ['one', { 'a.gguf': llama }, 'a.gguf'],
    ['the smallest that has all tensors', { 'a.gguf': partial, 'b.gguf': llama, 'c.gguf': empty }, 'b.gguf'],
    ['one with some, where none has all', { 'a.gguf': partial, 'b.gguf': empty }, 'a.gguf'],
    ['no projector', { 'b.gguf': llama, 'mmproj.gguf': empty }, 'b.gguf'],
    [
      'safetensors first',
      { 'a.gguf': llama, 'model.safetensors': path.join(fixtures, 'llama/model.safetensors') },
      'model.safetensors',
    ],
  ] as const) {
    it(`are the weights: ${what}`, async () => {
      const { weights } = await open(configText('llama'), beside(files));
      assert.deepEqual(weights.origin.type === 'files' && weights.origin.files, [chosen]);
    });
  }

  it('are the weights where a file is named', async () => {
    const folder = beside({ 'a.gguf': partial, 'b.gguf': llama });
    const { weights } = await open(configText('llama'), path.join(folder, 'a.gguf'));
    assert.deepEqual(weights.origin.type === 'files' && weights.origin.files, ['a.gguf']);
    assert.ok(weights.missing.length > 0);
  });

  it('may be split', async () => {
    const keys = { 'general.architecture': text('llama') };
    const norm = floatTensor(
      'output_norm.weight',
      [16],
      Float32Array.from({ length: 16 }, (_, i) => i),
    );
    const table = floatTensor('token_embd.weight', [67, 16], new Float32Array(67 * 16).fill(2));
    const folder = beside({
      'm-00001-of-00002.gguf': gguf(keys, [norm]),
      'm-00002-of-00002.gguf': gguf({}, [table]),
    });
    const { weights, values } = await open(configText('llama'), folder);
    assert.deepEqual(weights.origin.type === 'files' && weights.origin.files.length, 2);
    assert.equal(values.get('model.norm.weight')![3], 3);
    assert.equal(values.get('model.embed_tokens.weight')![3], 2);
    // Without an output matrix, the embeddings are it.
    assert.equal(values.get('lm_head.weight')![3], 2);
  });

  it('of another model are refused', async () => {
    await assert.rejects(
      open(configText('llama'), beside({ 'a.gguf': empty })),
      /a\.gguf: none of its 1 tensors/,
    );
  });

  it('of other sizes are refused', async () => {
    const config = configText('llama').replace('"intermediate_size": 32', '"intermediate_size": 64');
    await assert.rejects(
      open(config, beside({ 'a.gguf': llama })),
      /a\.gguf: tensor "blk\.0\.ffn_gate\.weight" is \[32, 16\]/,
    );
  });

  it('in a type that isn’t decoded are refused by name', async () => {
    const data = new Uint8Array(50);
    const norm = { name: 'output_norm.weight', type: 19, shape: [256], data };
    const config = configText('llama').replace('"hidden_size": 16', '"hidden_size": 256');
    await assert.rejects(
      open(config, beside({ 'a.gguf': gguf({}, [norm]) })),
      /"output_norm\.weight" is IQ1_S: that format isn't decoded; use the model's F16/,
    );
  });
});
