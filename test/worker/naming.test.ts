import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { build } from '../../src/core/service';
import { openWeights, type Weights } from '../../src/engine/weights/weights';
import {
  configText,
  file,
  fixtures,
  floats,
  removeFolders,
  temporaryFolder,
  type Header,
} from './support/files';
import { allValues } from './support/parameters';
import { readTensors } from './support/reference';

interface Values {
  shape: number[];
  values: Float32Array;
}
type Tensors = Map<string, Values>;

async function opened(
  fixture: string,
  folder: string,
): Promise<{ weights: Weights; values: Map<string, Float32Array> }> {
  const model = build(configText(fixture)).model!;
  const weights = await openWeights(model, folder, 1);
  const values = await allValues(model, weights);
  await weights.close();
  return { weights, values };
}

/** The fixture's weights after `change` are those that it had before. */
async function same(fixture: string, change: (tensors: Tensors) => void): Promise<void> {
  const tensors: Tensors = new Map();
  for (const [name, { shape, data }] of await readTensors(
    path.join(fixtures, fixture, 'model.safetensors'),
  )) {
    tensors.set(name, { shape: [...shape], values: data });
  }
  change(tensors);
  const folder = temporaryFolder();
  writeFileSync(path.join(folder, 'model.safetensors'), floats(Object.fromEntries(tensors)));
  const own = await opened(fixture, folder);
  assert.deepEqual([own.weights.missing, own.weights.unused], [[], []]);
  const wanted = await opened(fixture, path.join(fixtures, fixture));
  for (const [name, values] of wanted.values) assert.deepEqual(own.values.get(name), values, name);
}

/** Takes tensors out of the checkpoint. */
function taken(tensors: Tensors, ...names: string[]): Values[] {
  return names.map((name) => {
    const tensor = tensors.get(name);
    assert.ok(tensor, name);
    tensors.delete(name);
    return tensor;
  });
}

function concatenated(parts: readonly Values[], axes: readonly number[] = parts[0]!.shape.slice(1)): Values {
  const values = Float32Array.from(parts.flatMap((part) => [...part.values]));
  return { shape: [values.length / axes.reduce((a, b) => a * b, 1), ...axes], values };
}

/** Each matrix of the last two axes turned round. */
function turned({ shape, values }: Values): Values {
  const [high, wide] = [shape.at(-2)!, shape.at(-1)!];
  const out = new Float32Array(values.length);
  for (let slab = 0; slab < values.length; slab += high * wide) {
    for (let i = 0; i < high; i++)
      for (let j = 0; j < wide; j++) out[slab + j * high + i] = values[slab + i * wide + j]!;
  }
  return { shape: [...shape.slice(0, -2), wide, high], values: out };
}

const layers = [0, 1, 2];

describe('checkpoints that hold tensors otherwise', () => {
  afterEach(removeFolders);

  for (const name of ['qkv_proj', 'Wqkv']) {
    it(`queries, keys and values in ${name}, gates in gate_up_proj`, () =>
      same('llama', (tensors) => {
        for (const layer of layers) {
          const attention = `model.layers.${layer}.self_attn`;
          const qkv = ['q', 'k', 'v'].map((each) => `${attention}.${each}_proj.weight`);
          tensors.set(`${attention}.${name}.weight`, concatenated(taken(tensors, ...qkv)));
          const mlp = `model.layers.${layer}.mlp`;
          const gateUp = taken(tensors, `${mlp}.gate_proj.weight`, `${mlp}.up_proj.weight`);
          tensors.set(`${mlp}.gate_up_proj.weight`, concatenated(gateUp));
        }
      }));
  }

  it('queries, keys and values with biases in in_proj_weight and in_proj_bias', () =>
    same('bert', (tensors) => {
      for (const layer of layers) {
        const self = `bert.encoder.layer.${layer}.attention.self`;
        for (const own of ['weight', 'bias']) {
          const qkv = ['query', 'key', 'value'].map((each) => `${self}.${each}.${own}`);
          tensors.set(`${self}.in_proj_${own}`, concatenated(taken(tensors, ...qkv)));
        }
      }
    }));

  it('a fused matrix of input-output layout in three linear maps', () =>
    same('gpt2', (tensors) => {
      for (const layer of layers) {
        const attention = `transformer.h.${layer}.attn`;
        const [weight, bias] = taken(tensors, `${attention}.c_attn.weight`, `${attention}.c_attn.bias`);
        const rows = turned(weight!);
        const third = rows.shape[0]! / 3;
        ['q_proj', 'k_proj', 'v_proj'].forEach((name, i) => {
          const wide = rows.shape[1]!;
          const values = rows.values.slice(i * third * wide, (i + 1) * third * wide);
          tensors.set(`${attention}.${name}.weight`, { shape: [third, wide], values });
          const own = bias!.values.slice(i * third, (i + 1) * third);
          tensors.set(`${attention}.${name}.bias`, { shape: [third], values: own });
        });
      }
    }));

  it('matrices of input-output layout turned round, the square ones too', () =>
    same('gpt2', (tensors) => {
      for (const [name, tensor] of tensors) {
        if (/\.(c_attn|c_proj|c_fc)\.weight$/.test(name)) tensors.set(name, turned(tensor));
      }
    }));

  const experts = (layer: number) => `model.layers.${layer}.block_sparse_moe.experts`;
  /** Mixtral's experts of all layers as [gates, ways up, ways down]. */
  const takenExperts = (tensors: Tensors, layer: number): Values[] =>
    ['w1', 'w3', 'w2'].map((own) => {
      const names = [0, 1, 2, 3].map((expert) => `${experts(layer)}.${expert}.${own}.weight`);
      const parts = taken(tensors, ...names);
      return concatenated(
        parts.map(({ shape, values }) => ({ shape: [1, ...shape], values })),
        parts[0]!.shape,
      );
    });
  const fusedExperts = ([gate, up]: readonly Values[]): Values => {
    const [count, rows, wide] = gate!.shape as [number, number, number];
    const parts: Values[] = [];
    for (let expert = 0; expert < count; expert++) {
      for (const { values } of [gate!, up!]) {
        parts.push({
          shape: [rows, wide],
          values: values.slice(expert * rows * wide, (expert + 1) * rows * wide),
        });
      }
    }
    return { shape: [count, 2 * rows, wide], values: concatenated(parts).values };
  };

  it('experts in fused tensors', () =>
    same('mixtral', (tensors) => {
      for (const layer of layers) {
        const own = takenExperts(tensors, layer);
        tensors.set(`model.layers.${layer}.mlp.experts.gate_up_proj`, fusedExperts(own));
        tensors.set(`model.layers.${layer}.mlp.experts.down_proj`, own[2]!);
      }
    }));

  it('experts in fused tensors that are turned round', () =>
    same('mixtral', (tensors) => {
      for (const layer of layers) {
        const own = takenExperts(tensors, layer);
        tensors.set(`${experts(layer)}.gate_up_proj`, turned(fusedExperts(own)));
        tensors.set(`${experts(layer)}.down_proj`, turned(own[2]!));
      }
    }));

  it('experts in stacks of gates and of ways up', () =>
    same('mixtral', (tensors) => {
      for (const layer of layers) {
        const [gate, up, down] = takenExperts(tensors, layer);
        tensors.set(`${experts(layer)}.gate_proj.weight`, gate!);
        tensors.set(`${experts(layer)}.up_proj.weight`, up!);
        tensors.set(`${experts(layer)}.down_proj.weight`, down!);
      }
    }));

  it('names of image encoders before transformers 5', () =>
    same('vit', (tensors) => {
      const older: [RegExp, string][] = [
        [/\.layers\.(\d+)\.mlp\.fc1/, '.encoder.layer.$1.intermediate.dense'],
        [/\.layers\.(\d+)\.mlp\.fc2/, '.encoder.layer.$1.output.dense'],
        [/\.layers\.(\d+)\.attention\.q_proj/, '.encoder.layer.$1.attention.attention.query'],
        [/\.layers\.(\d+)\.attention\.k_proj/, '.encoder.layer.$1.attention.attention.key'],
        [/\.layers\.(\d+)\.attention\.v_proj/, '.encoder.layer.$1.attention.attention.value'],
        [/\.layers\.(\d+)\.attention\.o_proj/, '.encoder.layer.$1.attention.output.dense'],
        [/\.layers\.(\d+)\.layernorm/, '.encoder.layer.$1.layernorm'],
      ];
      for (const [name, tensor] of [...tensors]) {
        tensors.delete(name);
        tensors.set(
          older.reduce((text, [from, to]) => text.replace(from, to), name),
          tensor,
        );
      }
    }));

  it('what classes compute is not told as left over', () =>
    same('gpt2', (tensors) => {
      tensors.set('transformer.h.0.attn.bias', { shape: [1, 1], values: new Float32Array(1) });
      tensors.set('transformer.h.0.attn.masked_bias', { shape: [1], values: new Float32Array(1) });
      tensors.set('embeddings.position_ids', { shape: [1], values: new Float32Array(1) });
      tensors.set('rotary_emb.inv_freq', { shape: [1], values: new Float32Array(1) });
    }));
});

describe('quantised checkpoints', () => {
  afterEach(removeFolders);

  /** The llama fixture with one tensor in other bytes, and tensors beside it. */
  function withTensor(
    name: string,
    own: { dtype: string; shape: number[]; bytes: Uint8Array },
    beside: Record<string, { dtype: string; shape: number[]; bytes: Uint8Array }> = {},
  ): string {
    const folder = temporaryFolder();
    copyFileSync(path.join(fixtures, 'llama/config.json'), path.join(folder, 'config.json'));
    const bytes = readFileSync(path.join(fixtures, 'llama/model.safetensors'));
    const end = 8 + Number(bytes.readBigUInt64LE());
    const old = JSON.parse(bytes.toString('utf8', 8, end)) as Header;
    delete old['__metadata__'];
    const header: Header = {};
    const data: Uint8Array[] = [];
    let at = 0;
    const put = (key: string, dtype: string, shape: number[], content: Uint8Array): void => {
      header[key] = { dtype, shape, data_offsets: [at, at + content.length] };
      data.push(content);
      at += content.length;
    };
    for (const [key, { dtype, shape, data_offsets }] of Object.entries(old)) {
      if (key === name) put(key, own.dtype, own.shape, own.bytes);
      else put(key, dtype, shape, bytes.subarray(end + data_offsets[0], end + data_offsets[1]));
    }
    for (const [key, each] of Object.entries(beside)) put(key, each.dtype, each.shape, each.bytes);
    writeFileSync(path.join(folder, 'model.safetensors'), file(JSON.stringify(header), Buffer.concat(data)));
    return folder;
  }

  const name = 'model.layers.0.mlp.gate_proj.weight';
  const float32 = (values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
  // Ones in E4M3, in a matrix of [32, 16].
  const ones = { dtype: 'F8_E4M3', shape: [32, 16], bytes: new Uint8Array(512).fill(0x38) };

  const scales: [string, string, number[], number[], (row: number, column: number) => number][] = [
    ['of the tensor', '_scale', [], [3], () => 3],
    ['of the tensor, as a vector', '_scale_inv', [1], [3], () => 3],
    ['of each row', '_scale', [32, 1], Array.from({ length: 32 }, (_, i) => i + 1), (row) => row + 1],
    ['of blocks of 16', '_scale_inv', [2, 1], [2, 5], (row) => (row < 16 ? 2 : 5)],
  ];
  for (const [what, suffix, shape, values, wanted] of scales) {
    it(`of 8 bits with scales ${what}`, async () => {
      const scale = { dtype: 'F32', shape, bytes: float32(values) };
      const own = await opened('llama', withTensor(name, ones, { [name + suffix]: scale }));
      assert.deepEqual([own.weights.missing, own.weights.unused], [[], []]);
      const found = own.values.get(name)!;
      found.forEach((value, i) => assert.equal(value, wanted(Math.floor(i / 16), i % 16)));
    });
  }

  it('of signed bytes with scales', async () => {
    const bytes = { dtype: 'I8', shape: [32, 16], bytes: new Uint8Array(512).fill(0xfe) };
    const scale = { dtype: 'F32', shape: [32], bytes: float32(new Array<number>(32).fill(0.25)) };
    const own = await opened('llama', withTensor(name, bytes, { [`${name}_scale`]: scale }));
    assert.ok(own.values.get(name)!.every((value) => value === -0.5));
  });

  it('with scales of no known layout are refused', async () => {
    const scale = { dtype: 'F32', shape: [3, 1], bytes: float32([1, 1, 1]) };
    await assert.rejects(
      opened('llama', withTensor(name, ones, { [`${name}_scale`]: scale })),
      /gate_proj\.weight_scale" \[3, 1\] has no known scales for/,
    );
  });

  it('of formats that aren’t decoded are refused by name', async () => {
    const complex = { dtype: 'C64', shape: [32, 16], bytes: new Uint8Array(4096) };
    await assert.rejects(
      opened('llama', withTensor(name, complex)),
      /gate_proj\.weight" is C64: that format isn't decoded/,
    );
  });

  for (const [suffix, of] of [
    ['.qweight', 'GPTQ or AWQ'],
    ['.weight_packed', 'compressed-tensors in fewer than 8 bits'],
  ] as const) {
    it(`of ${of} are refused by name`, async () => {
      const folder = withTensor(name, ones, {});
      const place = path.join(folder, 'model.safetensors');
      const text = readFileSync(place).toString('latin1');
      const packed = name.replace('.weight', suffix);
      const bytes = Buffer.from(text, 'latin1');
      const end = 8 + Number(bytes.readBigUInt64LE());
      const header = bytes.toString('utf8', 8, end).replace(`"${name}"`, `"${packed}"`);
      writeFileSync(place, file(header, bytes.subarray(end)));
      await assert.rejects(
        opened('llama', folder),
        (error: Error) =>
          error.message.includes(`"${packed}" is one of ${of}`) &&
          error.message.includes(`${name} is missing`),
      );
    });
  }
});
