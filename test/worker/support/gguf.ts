/** Writes GGUF files for tests, right ones and wrong ones. */

/** A value with the number of its type. */
export interface Typed {
  readonly type: number;
  readonly value: unknown;
}

export const u32 = (value: number): Typed => ({ type: 4, value });
export const text = (value: string): Typed => ({ type: 8, value });
export const list = (type: number, values: readonly unknown[]): Typed => ({
  type: 9,
  value: { type, values },
});

export interface GgufTensor {
  readonly name: string;
  /** GGML's number of the type. */
  readonly type: number;
  /** Rows first, as the engine has it. */
  readonly shape: readonly number[];
  readonly data: Uint8Array;
  /** In place of where it stands. */
  readonly offset?: number;
}

/** Bytes of a file of these key–values and tensors. */
export function gguf(
  keys: Readonly<Record<string, Typed>>,
  tensors: readonly GgufTensor[],
  { version = 3, alignment = 32, tensorCount = tensors.length, keyCount = Object.keys(keys).length } = {},
): Buffer {
  const parts: Buffer[] = [Buffer.from('GGUF'), int32(version), int64(tensorCount), int64(keyCount)];
  for (const [key, { type, value }] of Object.entries(keys))
    parts.push(string(key), int32(type), encode(type, value));
  const data: Buffer[] = [];
  let at = 0;
  for (const tensor of tensors) {
    const sizes = [...tensor.shape].reverse().map(int64);
    parts.push(
      string(tensor.name),
      int32(sizes.length),
      ...sizes,
      int32(tensor.type),
      int64(tensor.offset ?? at),
    );
    const padding = -tensor.data.length & (alignment - 1);
    data.push(Buffer.from(tensor.data), Buffer.alloc(padding));
    at += tensor.data.length + padding;
  }
  const header = Buffer.concat(parts);
  return Buffer.concat([header, Buffer.alloc(-header.length & (alignment - 1)), ...data]);
}

export function floatTensor(name: string, shape: readonly number[], values: ArrayLike<number>): GgufTensor {
  return { name, type: 0, shape, data: new Uint8Array(Float32Array.from(values).buffer) };
}

function encode(type: number, value: unknown): Buffer {
  if (type === 8) return string(value as string);
  if (type === 9) {
    const inner = value as { type: number; values: unknown[] };
    return Buffer.concat([
      int32(inner.type),
      int64(inner.values.length),
      ...inner.values.map((each) => encode(inner.type, each)),
    ]);
  }
  const bytes = Buffer.alloc({ 4: 4, 5: 4, 6: 4, 7: 1 }[type] ?? 8);
  if (type === 4) bytes.writeUInt32LE(value as number);
  else if (type === 5) bytes.writeInt32LE(value as number);
  else if (type === 6) bytes.writeFloatLE(value as number);
  else if (type === 7) bytes.writeUInt8(Number(value));
  else if (type === 10) bytes.writeBigUInt64LE(BigInt(value as number));
  else if (type === 12) bytes.writeDoubleLE(value as number);
  return bytes;
}

function string(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([int64(bytes.length), bytes]);
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function int64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}
