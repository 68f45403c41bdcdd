import assert from 'node:assert/strict';
import * as path from 'node:path';
import { Pace } from '../../src/engine/pace';
import { formatOf } from '../../src/engine/weights/formats';
import { TYPES } from '../../src/engine/weights/gguf/types';
import { openSafetensors } from '../../src/engine/weights/safetensors';

const fixtures = path.join(import.meta.dirname, '../fixtures/gguf');

async function tensors(): Promise<Map<string, Uint8Array>> {
  const source = await openSafetensors(fixtures, ['formats.safetensors'], new Pace());
  const found = new Map<string, Uint8Array>();
  for (const tensor of source.tensors.values()) {
    const bytes = new Uint8Array(source.place(tensor).byteLength);
    source.bytes(tensor, 0, bytes.length, bytes, 0);
    found.set(tensor.name, bytes);
  }
  await source.close();
  return found;
}

function decode(dtype: string, bytes: Uint8Array): Float32Array {
  const format = formatOf(dtype)!;
  const count = bytes.length / format.bytes;
  const out = new Float32Array(count * format.elements);
  format.decode(bytes, 0, count, out, 0);
  return out;
}

describe('quantised formats', () => {
  it('decode bit by bit as the gguf package does', async () => {
    const found = await tensors();
    let formats = 0;
    for (const [name, bytes] of found) {
      if (!name.endsWith('.bytes')) continue;
      const dtype = name.slice(0, -'.bytes'.length);
      const own = decode(dtype, bytes);
      const wanted = found.get(`${dtype}.values`)!;
      assert.deepEqual(new Uint32Array(own.buffer), new Uint32Array(wanted.slice().buffer), dtype);
      formats++;
    }
    assert.equal(formats, 15);
  });

  it('have the block sizes that GGUF gives them', () => {
    for (const [name, elements, bytes] of TYPES.values()) {
      const format = formatOf(name);
      if (format === undefined) continue;
      assert.deepEqual([format.elements, format.bytes], [elements, bytes], name);
    }
  });

  it('decode Q8_K, whose scale is a float32', () => {
    const bytes = new Uint8Array(292);
    new DataView(bytes.buffer).setFloat32(0, 0.1, true);
    bytes[4] = 3;
    bytes[259] = 0xfe;
    const own = decode('Q8_K', bytes);
    assert.deepEqual(
      [own[0], own[1], own[255]],
      [Math.fround(Math.fround(0.1) * 3), 0, Math.fround(Math.fround(0.1) * -2)],
    );
  });
});

describe('floats of 8 bits', () => {
  const cases: [string, [number, number][]][] = [
    [
      'F8_E4M3',
      [
        [0x00, 0],
        [0x80, -0],
        [0x01, 2 ** -9],
        [0x38, 1],
        [0xbc, -1.5],
        [0x7e, 448],
        [0x7f, NaN],
        [0xff, NaN],
      ],
    ],
    [
      'F8_E5M2',
      [
        [0x01, 2 ** -16],
        [0x3c, 1],
        [0x7b, 57_344],
        [0x7c, Infinity],
        [0xfc, -Infinity],
        [0x7d, NaN],
      ],
    ],
    [
      'F8_E4M3FNUZ',
      [
        [0x01, 2 ** -10],
        [0x40, 1],
        [0x7f, 240],
        [0x80, NaN],
      ],
    ],
    [
      'F8_E5M2FNUZ',
      [
        [0x01, 2 ** -17],
        [0x40, 1],
        [0x7f, 57_344],
        [0x80, NaN],
      ],
    ],
    [
      'F8_E8M0',
      [
        [0, 2 ** -127],
        [127, 1],
        [254, 2 ** 127],
        [255, NaN],
      ],
    ],
  ];
  for (const [dtype, values] of cases) {
    it(dtype, () => {
      const own = decode(
        dtype,
        Uint8Array.from(values, ([bits]) => bits),
      );
      assert.deepEqual(
        [...own],
        values.map(([, value]) => value),
      );
    });
  }
});
