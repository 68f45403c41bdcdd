import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { RunFailure } from '../../src/engine/failure';
import { Pace } from '../../src/engine/pace';
import { ggufModels, openGguf } from '../../src/engine/weights/gguf/file';
import type { WeightSource } from '../../src/engine/weights/source';
import { removeFolders, temporaryFolder } from './support/files';
import { floatTensor, gguf, list, text, u32 } from './support/gguf';

async function open(bytes: Uint8Array): Promise<WeightSource> {
  const folder = temporaryFolder();
  writeFileSync(path.join(folder, 'model.gguf'), bytes);
  return openGguf(folder, ['model.gguf'], new Pace());
}

async function refuses(bytes: Uint8Array, ...words: string[]): Promise<void> {
  await assert.rejects(open(bytes), (error: unknown) => {
    assert.ok(error instanceof RunFailure, String(error));
    assert.equal(error.code, 'weights');
    for (const word of ['model.gguf: ', ...words]) assert.ok(error.message.includes(word), error.message);
    assert.ok(error.message.length < 700);
    return true;
  });
}

const one = floatTensor('a', [2], [1, 2]);

describe('GGUF', () => {
  afterEach(removeFolders);

  for (const version of [2, 3]) {
    it(`version ${version} gives tensors and key–values`, async () => {
      const keys = {
        'general.architecture': text('llama'),
        'general.alignment': u32(64),
        'llama.rope.freq_base': { type: 6, value: 0.5 },
        'tokenizer.ggml.tokens': list(8, ['a', 'é', '']),
        'tokenizer.ggml.scores': list(6, [1, -2]),
        'tokenizer.ggml.add_bos_token': { type: 7, value: true },
        'general.large': { type: 10, value: 2 ** 40 },
        nested: list(9, [{ type: 4, values: [1, 2] }]),
      };
      const bytes = gguf(keys, [one, floatTensor('b', [2, 3], [1, 2, 3, 4, 5, 6])], {
        version,
        alignment: 64,
      });
      const source = await open(bytes);
      const b = source.tensors.get('b')!;
      assert.deepEqual(b.shape, [2, 3]);
      const into = new Float32Array(4);
      await source.read(b, 2, 3, into, 1);
      assert.deepEqual([...into], [0, 3, 4, 5]);
      const metadata = source.metadata!;
      assert.deepEqual(metadata.keys, Object.keys(keys));
      assert.equal(metadata.value('general.architecture'), 'llama');
      assert.equal(metadata.value('llama.rope.freq_base'), 0.5);
      assert.equal(metadata.value('general.large'), 2n ** 40n);
      assert.equal(metadata.value('tokenizer.ggml.add_bos_token'), true);
      assert.deepEqual(await metadata.list('tokenizer.ggml.scores'), [1, -2]);
      assert.deepEqual(await metadata.list('tokenizer.ggml.tokens'), ['a', 'é', '']);
      assert.equal(metadata.value('tokenizer.ggml.tokens'), undefined);
      assert.equal(await metadata.list('nested'), undefined);
      assert.equal(await metadata.list('general.architecture'), undefined);
      await source.close();
    });
  }

  it('reads elements within blocks', async () => {
    const data = new Uint8Array(2 * 34);
    new DataView(data.buffer).setUint16(0, 0x3c00, true);
    new DataView(data.buffer).setUint16(34, 0x4000, true);
    for (let i = 0; i < 32; i++) data[2 + i] = data[36 + i] = i;
    const source = await open(gguf({}, [{ name: 'q', type: 8, shape: [2, 32], data }]));
    const into = new Float32Array(4);
    await source.read(source.tensors.get('q')!, 30, 4, into, 0);
    assert.deepEqual([...into], [30, 31, 0, 2]);
    await source.close();
  });

  it('names a type that it can’t decode when it is read, not before', async () => {
    const source = await open(gguf({}, [{ name: 'q', type: 19, shape: [256], data: new Uint8Array(50) }]));
    const into = new Float32Array(1);
    await assert.rejects(
      source.read(source.tensors.get('q')!, 0, 1, into, 0),
      /"q" is IQ1_S, which can't be run/,
    );
    await source.close();
  });

  describe('refuses', () => {
    const good = gguf({ 'general.name': text('x') }, [one]);
    it('an empty file', () => refuses(Buffer.alloc(0), '"GGUF"'));
    it('another file', () => refuses(Buffer.from('PK\u0003\u0004'), '"GGUF"'));
    it('a Git LFS pointer, with what to do', () =>
      refuses(Buffer.from('version https://git-lfs.github.com/spec/v1\n'), 'git lfs pull'));
    it('a file of a few bytes', () => refuses(good.subarray(0, 12), '12 bytes'));
    it('version 1', () => refuses(gguf({}, [], { version: 1 }), 'version 1'));
    it('big-endian files', () => refuses(gguf({}, [], { version: 3 << 24 }), 'big-endian'));
    it('a file cut off in its header', () => refuses(good.subarray(0, 40), 'cut off'));
    it('a file cut off in its data', () => refuses(good.subarray(0, -28), '"a" reaches to byte 8 of 4'));
    it('more tensors than are read', () =>
      refuses(gguf({}, [], { tensorCount: 2 ** 50 }), `${2 ** 50} tensors`));
    it('more keys than are read', () => refuses(gguf({}, [], { keyCount: 2 ** 50 }), `${2 ** 50} keys`));
    it('a key of any length', () => {
      const bytes = Buffer.from(good);
      bytes.writeBigUInt64LE(2n ** 63n, 24);
      return refuses(bytes, `${2n ** 63n} bytes`);
    });
    it('a string longer than the file', () => {
      const bytes = Buffer.from(good);
      bytes.writeBigUInt64LE(10_000n, 24 + 8 + 12 + 4);
      return refuses(bytes, '10000 bytes', 'are left');
    });
    it('a list longer than the file', () => {
      const bytes = gguf({ k: list(8, []) }, []);
      bytes.writeBigUInt64LE(1_000_000n, bytes.indexOf('k') + 1 + 4 + 4);
      return refuses(bytes, '8000000 bytes', 'are left');
    });
    it('lists nested too deep', () => {
      let nested: unknown = { type: 4, values: [] };
      for (let i = 0; i < 6; i++) nested = { type: 9, values: [nested] };
      return refuses(gguf({ k: { type: 9, value: nested } }, []), 'nested more than 4 deep');
    });
    it('a value of an unknown type', () => {
      const bytes = Buffer.from(good);
      bytes.writeUInt32LE(99, 24 + 8 + 12);
      return refuses(bytes, 'unknown type 99');
    });
    it('a key that is no UTF-8', () => {
      const bytes = Buffer.from(good);
      bytes[33] = 0xff;
      return refuses(bytes, 'UTF-8');
    });
    it('two keys of one name', () => {
      const bytes = Buffer.from(gguf({ aa: u32(1), ab: u32(2) }, []));
      bytes.write('aa', bytes.indexOf('ab'));
      return refuses(bytes, '"aa" twice');
    });
    it('two tensors of one name', () => refuses(gguf({}, [one, one]), '"a" twice'));
    it('tensors that overlap', () =>
      refuses(gguf({}, [one, { ...floatTensor('b', [2], [1, 2]), offset: 0 }]), '"a"', '"b"', 'overlap'));
    it('a hole between tensors', () =>
      refuses(gguf({}, [one, { ...floatTensor('b', [2], [1, 2]), offset: 64 }]), '8 to 64'));
    it('a tensor off its alignment', () =>
      refuses(gguf({}, [one, { ...floatTensor('b', [2], [1, 2]), offset: 8 }]), '8 to 8'));
    it('bytes after the last tensor', () =>
      refuses(Buffer.concat([good, Buffer.alloc(64)]), 'the last of the file'));
    it('a shape whose product overflows', () =>
      refuses(gguf({}, [{ ...one, shape: [2 ** 40, 2 ** 40] }]), '"a"', 'impossible'));
    it('more dimensions than GGUF has', () =>
      refuses(gguf({}, [{ ...one, shape: [1, 1, 1, 1, 2] }]), '5 dimensions'));
    it('an unknown type of tensor', () => refuses(gguf({}, [{ ...one, type: 5 }]), '"a"', 'unknown type 5'));
    it('rows that are no whole blocks', () => refuses(gguf({}, [{ ...one, type: 8 }]), 'blocks of 32'));
    for (const alignment of [0, 24, 2 ** 31]) {
      it(`an alignment of ${alignment}`, () =>
        refuses(gguf({ 'general.alignment': u32(alignment) }, []), 'alignment'));
    }
    it('an alignment that is no number', () =>
      refuses(gguf({ 'general.alignment': text('8') }, []), 'alignment 8'));
  });

  it('models of a folder: projectors left out, parts together and complete', () => {
    assert.deepEqual(
      ggufModels(['b-00002-of-00002.gguf', 'a.gguf', 'mmproj-a.gguf', 'x.txt', 'b-00001-of-00002.gguf']),
      [['a.gguf'], ['b-00001-of-00002.gguf', 'b-00002-of-00002.gguf']],
    );
    assert.throws(() => ggufModels(['b-00002-of-00002.gguf']), /b-00001-of-00002\.gguf is missing/);
  });
});
