import assert from 'node:assert/strict';
import { mkdirSync, readSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { RunFailure } from '../../src/engine/failure';
import { Pace } from '../../src/engine/pace';
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
  return openSafetensors(folder, ['model.safetensors'], new Pace());
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

/** Watches the event loop until asked how many turns it had, and how many milliseconds the longest took. */
function watchLoop(): () => { turns: number; longest: number } {
  let turns = 0;
  let longest = 0;
  let since = performance.now();
  let next = setImmediate(look);
  function look(): void {
    longest = Math.max(longest, performance.now() - since);
    since = performance.now();
    turns++;
    next = setImmediate(look);
  }
  return () => {
    clearImmediate(next);
    return { turns, longest };
  };
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
    it('elements that fill no whole bytes', () =>
      refuses(
        file('{"x":{"dtype":"F4","shape":[3],"data_offsets":[0,1]}}', Buffer.alloc(1)),
        '"x"',
        'no whole bytes',
      ));
    it('a folder in place of the file', async () => {
      const folder = temporaryFolder();
      mkdirSync(path.join(folder, 'model.safetensors'));
      await assert.rejects(openSafetensors(folder, ['model.safetensors'], new Pace()), /no regular file/);
    });
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
    it('keys that are equal but for their escapes', () => {
      const one = JSON.stringify(F32([1], 0, 4));
      return refuses(file(`{"x\\"":${one},"\\u0078\\"":${one}}`, Buffer.alloc(4)), 'twice');
    });
    it('more dimensions than any model has, at once and in a short message', async () => {
      const header = {
        x: F32(
          Array.from({ length: 80_000 }, () => 9_007_199_254_740_991),
          0,
          4,
        ),
      };
      const started = performance.now();
      await refuses(file(JSON.stringify(header), Buffer.alloc(4)), '"x"', '80000 dimensions', '32');
      assert.ok(performance.now() - started < 2000);
    });
    for (const [what, header] of [
      [
        'shape',
        {
          x: F32(
            Array.from({ length: 80_000 }, () => 0.5),
            0,
            4,
          ),
        },
      ],
      ['data_offsets', { x: { dtype: 'F32', shape: [1], data_offsets: Array(80_000).fill(0) } }],
      ['dtype', { x: { dtype: 'F'.repeat(80_000), shape: [1], data_offsets: [0, 4] } }],
      [
        'bytes',
        {
          x: F32(
            Array.from({ length: 32 }, () => 9_007_199_254_740_991),
            0,
            4,
          ),
        },
      ],
    ] as const) {
      it(`a wrong ${what} of any length in a short message`, () =>
        assert.rejects(
          open(file(JSON.stringify(header), Buffer.alloc(4))),
          ({ message }: Error) => message.includes(what) && message.length < 700,
        ));
    }
    for (const [what, value] of [
      ['a tensor', (deep: string) => deep],
      ['a shape', (deep: string) => `{"dtype":"F32","shape":${deep},"data_offsets":[0,4]}`],
    ] as const) {
      it(`${what} nested 20,000 deep`, () =>
        refuses(
          file(`{"x":${value('['.repeat(20_000) + ']'.repeat(20_000))}}`, Buffer.alloc(4)),
          'nested more than 16 deep',
        ));
    }
    it('more keys and values than can be parsed at once, giving way meanwhile', async () => {
      const bytes = file(`{"x":[${'{},'.repeat(5_000_000)}0]}`);
      const watched = watchLoop();
      await refuses(bytes, 'more than 4000000 keys and values');
      const { longest } = watched();
      assert.ok(longest < 1000, `${longest} ms`);
    });
  });

  it('gives way while it checks very many tensors, and refuses too many', async () => {
    const header = (count: number): Buffer => {
      const tensors = Array.from(
        { length: count },
        (_, i) => `"t${i}.x":{"dtype":"U8","shape":[1],"data_offsets":[${i},${i + 1}]}`,
      );
      return file(`{${tensors.join(',')}}`, Buffer.alloc(count));
    };
    const bytes = header(100_000);
    const watched = watchLoop();
    const source = await open(bytes);
    assert.equal(source.tensors.size, 100_000);
    await source.close();
    const { longest } = watched();
    assert.ok(longest < 1000, `${longest} ms`);
    await refuses(header(300_001), '300000 tensors');
  });

  it('stops where it is cancelled', async () => {
    const folder = temporaryFolder();
    writeFileSync(path.join(folder, 'model.safetensors'), file(`{"__metadata__":{}${' '.repeat(2 ** 24)}}`));
    const controller = new AbortController();
    const opening = openSafetensors(folder, ['model.safetensors'], new Pace(controller.signal));
    controller.abort();
    await assert.rejects(opening, { code: 'cancelled' });
  });

  it('gives bytes as the file has them, and where they lie', async () => {
    const source = await open(
      floats({ a: { shape: [2], values: [9, 9] }, b: { shape: [2, 2], values: [1, 2, 3, 4] } }),
    );
    const b = source.tensors.get('b')!;
    const into = new Uint8Array(12);
    source.bytes(b, 4, 8, into, 4);
    assert.deepEqual([...new Float32Array(into.buffer)], [0, 2, 3]);
    const { descriptor, position, byteLength } = source.place(b);
    assert.equal(byteLength, 16);
    const own = new Float32Array(4);
    readSync(descriptor, own, 0, 16, position);
    assert.deepEqual([...own], [1, 2, 3, 4]);
    assert.throws(() => source.bytes(b, 8, 12, into, 0), RangeError);
    assert.throws(() => source.bytes(b, 0, 16, into, 0), RangeError);
    assert.throws(() => source.bytes(b, -4, 4, into, 0), RangeError);
    await source.close();
  });

  it('names the tensor of a value that is not finite', async () => {
    const source = await open(
      floats({ ok: { shape: [1], values: [1] }, bad: { shape: [2], values: [1, NaN] } }),
    );
    const into = new Float32Array(2);
    await source.read(source.tensors.get('ok')!, 0, 1, into, 0);
    await assert.rejects(
      source.read(source.tensors.get('bad')!, 0, 2, into, 0),
      /model\.safetensors: tensor "bad" has NaN at \[1\]/,
    );
    await source.close();
  });

  it('tells when the file becomes shorter while it is read', async () => {
    const folder = temporaryFolder();
    const name = path.join(folder, 'model.safetensors');
    writeFileSync(name, floats({ x: { shape: [4], values: [1, 2, 3, 4] } }));
    const source = await openSafetensors(folder, ['model.safetensors'], new Pace());
    truncateSync(name, statSync(name).size - 4);
    await assert.rejects(
      source.read(source.tensors.get('x')!, 0, 4, new Float32Array(4), 0),
      /"x" is cut off/,
    );
    assert.throws(
      () => source.bytes(source.tensors.get('x')!, 0, 16, new Uint8Array(16), 0),
      /"x" is cut off/,
    );
    await source.close();
  });
});
