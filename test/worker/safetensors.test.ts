import assert from 'node:assert/strict';
import { statSync, truncateSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { RunFailure } from '../../src/engine/failure';
import { openSafetensors } from '../../src/engine/weights/safetensors';
import { file, floats, removeFolders, temporaryFolder } from './support/files';

const F32 = (shape: number[], begin: number, end: number) => ({
  dtype: 'F32',
  shape,
  data_offsets: [begin, end],
});

async function open(bytes: Uint8Array) {
  const folder = temporaryFolder();
  writeFileSync(path.join(folder, 'model.safetensors'), bytes);
  return openSafetensors(folder, ['model.safetensors']);
}

/** Opening must fail, and say which file and what is wrong. */
async function refuses(bytes: Uint8Array, ...words: string[]): Promise<void> {
  await assert.rejects(open(bytes), (error: unknown) => {
    assert.ok(error instanceof RunFailure, String(error));
    assert.equal(error.code, 'weights');
    for (const word of ['model.safetensors', ...words])
      assert.ok(error.message.includes(word), error.message);
    return true;
  });
}

describe('safetensors', () => {
  afterEach(removeFolders);

  it('reads elements by range', async () => {
    const source = await open(
      floats({ a: { shape: [2], values: [9, 9] }, b: { shape: [2, 3], values: [1, 2, 3, 4, 5, 6] } }),
    );
    const into = new Float32Array(4);
    await source.read(source.tensors.get('b')!, 2, 3, into, 1);
    assert.deepEqual([...into], [0, 3, 4, 5]);
    await source.close();
  });

  it('allows an empty tensor, metadata and spaces after the header', async () => {
    const header = JSON.stringify({
      __metadata__: { format: 'pt' },
      none: F32([0, 4], 0, 0),
      x: F32([1], 0, 4),
    });
    const source = await open(file(`${header}   `, Buffer.alloc(4)));
    assert.deepEqual([...source.tensors.keys()], ['none', 'x']);
    await source.close();
  });

  const formats: [string, Buffer, number[]][] = [
    ['F32', Buffer.from(Float32Array.of(1.5, -2).buffer), [1.5, -2]],
    ['F64', Buffer.from(Float64Array.of(1.5, -2).buffer), [1.5, -2]],
    ['BF16', Buffer.from(Uint16Array.of(0x3fc0, 0xc000).buffer), [1.5, -2]],
    // One, the smallest subnormal, the largest finite.
    ['F16', Buffer.from(Uint16Array.of(0x3c00, 0x8001, 0x7bff).buffer), [1, -(2 ** -24), 65504]],
    ['I8', Buffer.from(Int8Array.of(-3, 127).buffer), [-3, 127]],
    ['U8', Buffer.from([200, 1]), [200, 1]],
    ['I16', Buffer.from(Int16Array.of(-300, 5).buffer), [-300, 5]],
    ['I32', Buffer.from(Int32Array.of(-70000, 5).buffer), [-70000, 5]],
    ['I64', Buffer.from(BigInt64Array.of(-5n, 2n ** 40n).buffer), [-5, 2 ** 40]],
    ['BOOL', Buffer.from([1, 0]), [1, 0]],
  ];
  for (const [dtype, data, values] of formats) {
    it(`decodes ${dtype}`, async () => {
      const header = { x: { dtype, shape: [values.length], data_offsets: [0, data.length] } };
      const source = await open(file(JSON.stringify(header), data));
      const into = new Float32Array(values.length);
      await source.read(source.tensors.get('x')!, 0, values.length, into, 0);
      assert.deepEqual([...into], values);
      await source.close();
    });
  }

  describe('refuses', () => {
    it('an empty file', () => refuses(Buffer.alloc(0), '0 bytes'));
    it('a file cut off in its header', () => refuses(file('{"x":{}}').subarray(0, 12), 'cut off'));
    it('a file cut off in its data', () =>
      refuses(
        floats({ 'layer.weight': { shape: [4], values: [1, 2, 3, 4] } }).subarray(0, -4),
        '"layer.weight"',
        'cut off',
      ));
    it('a header that claims more than 100 MB', () => {
      const bytes = file('{}');
      bytes.writeBigUInt64LE(2n ** 63n);
      return refuses(bytes, `${2n ** 63n}`);
    });
    it('a Git LFS pointer, with what to do', () =>
      refuses(Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:0\n'), 'git lfs pull'));
    it('a header that is no UTF-8', () => {
      const bytes = file('{"aa":1}');
      bytes[10] = 0xff;
      return refuses(bytes, 'UTF-8');
    });
    it('a header that is no object', () => refuses(file('[1]'), '{'));
    it('a header with a byte order mark', () => refuses(file('\ufeff{}'), '{'));
    it('a header that is no JSON', () => refuses(file('{"x":'), 'JSON'));
    it('two tensors of one name', () => {
      const one = JSON.stringify(F32([1], 0, 4));
      return refuses(file(`{"x":${one},"x":${one}}`, Buffer.alloc(4)), '"x"', 'twice');
    });
    it('two keys of one name inside a tensor', () =>
      refuses(
        file('{"x":{"dtype":"F32","shape":[1],"shape":[1],"data_offsets":[0,4]}}', Buffer.alloc(4)),
        '"shape"',
        'twice',
      ));
    it('an unknown dtype', () =>
      refuses(file('{"x":{"dtype":"F7","shape":[1],"data_offsets":[0,4]}}', Buffer.alloc(4)), '"x"', 'F7'));
    it('a dtype that is a name of Object', () =>
      refuses(file('{"x":{"dtype":"toString","shape":[1],"data_offsets":[0,4]}}', Buffer.alloc(4)), '"x"'));
    it('a shape that is not of whole numbers', () =>
      refuses(
        file('{"x":{"dtype":"F32","shape":[0.5],"data_offsets":[0,2]}}', Buffer.alloc(2)),
        '"x"',
        'shape',
      ));
    it('a shape beyond exact integers', () =>
      refuses(
        file('{"x":{"dtype":"F32","shape":[9007199254740993],"data_offsets":[0,4]}}', Buffer.alloc(4)),
        '"x"',
      ));
    it('a shape whose product overflows', () =>
      refuses(
        file(JSON.stringify({ x: F32([2 ** 40, 2 ** 40], 0, 4) }), Buffer.alloc(4)),
        '"x"',
        `${2n ** 82n}`,
      ));
    it('a tensor whose bytes do not fit its shape', () =>
      refuses(file(JSON.stringify({ x: F32([3], 0, 8) }), Buffer.alloc(8)), '"x"', '12'));
    it('offsets the wrong way round', () =>
      refuses(file(JSON.stringify({ x: F32([1], 8, 4) }), Buffer.alloc(8)), '"x"'));
    it('tensors that overlap', () => {
      const header = JSON.stringify({ first: F32([2], 0, 8), second: F32([2], 4, 12) });
      return refuses(file(header, Buffer.alloc(12)), '"first"', '"second"', 'overlap');
    });
    it('a hole between tensors', () => {
      const header = JSON.stringify({ first: F32([1], 0, 4), second: F32([1], 8, 12) });
      return refuses(file(header, Buffer.alloc(12)), '4 to 8', '"second"');
    });
    it('bytes after the last tensor', () =>
      refuses(file(JSON.stringify({ x: F32([1], 0, 4) }), Buffer.alloc(6)), '4 to 6'));
  });

  it('names the tensor of a value that is not finite', async () => {
    const source = await open(
      floats({ ok: { shape: [1], values: [1] }, bad: { shape: [2], values: [1, NaN] } }),
    );
    const into = new Float32Array(2);
    await source.read(source.tensors.get('ok')!, 0, 1, into, 0);
    await assert.rejects(
      source.read(source.tensors.get('bad')!, 0, 2, into, 0),
      /model\.safetensors.*"bad".*NaN/,
    );
    await source.close();
  });

  it('tells when the file becomes shorter while it is read', async () => {
    const folder = temporaryFolder();
    const name = path.join(folder, 'model.safetensors');
    writeFileSync(name, floats({ x: { shape: [4], values: [1, 2, 3, 4] } }));
    const source = await openSafetensors(folder, ['model.safetensors']);
    truncateSync(name, statSync(name).size - 4);
    await assert.rejects(
      source.read(source.tensors.get('x')!, 0, 4, new Float32Array(4), 0),
      /"x" is cut off/,
    );
    await source.close();
  });
});
