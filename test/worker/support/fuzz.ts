/** Mutates the headers of weight files, and looks whether what opens them keeps its promises. */
import { rmSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { RunFailure } from '../../../src/engine/failure';
import { Pace } from '../../../src/engine/pace';
import { openFolder } from '../../../src/engine/weights/folder';
import type { WeightSource } from '../../../src/engine/weights/source';
import { floats, split } from './files';
import { floatTensor, gguf, list, text, u32 } from './gguf';

export interface Subject {
  readonly name: string;
  /** What is mutated. */
  readonly file: string;
  readonly bytes: Buffer;
  /** What lies beside it as it is. */
  readonly beside: Readonly<Record<string, Buffer>>;
  /** Bytes that are headers; the others are numbers. */
  readonly header: number;
}

const tensors = floats({
  'model.embed_tokens.weight': { shape: [3, 2], values: [1, 2, 3, 4, 5, 6] },
  'model.layers.0.mlp.up_proj.weight': { shape: [2, 2], values: [1, 2, 3, 4] },
  'model.norm.weight': { shape: [2], values: [1, 2] },
});

const keys = {
  'general.architecture': text('llama'),
  'general.alignment': u32(32),
  'llama.rope.freq_base': { type: 6, value: 10_000 },
  'tokenizer.ggml.tokens': list(8, ['a', 'bc', '']),
  'tokenizer.ggml.scores': list(6, [1, 2, 3]),
  nested: list(9, [{ type: 4, values: [1, 2] }]),
};

const ggufFile = gguf(keys, [
  floatTensor('token_embd.weight', [3, 2], [1, 2, 3, 4, 5, 6]),
  { name: 'blk.0.ffn_up.weight', type: 8, shape: [2, 32], data: new Uint8Array(68) },
  floatTensor('output_norm.weight', [2], [1, 2]),
]);

const index = Buffer.from(
  JSON.stringify({
    metadata: { total_size: 48 },
    weight_map: Object.fromEntries(
      Object.keys(split(tensors).header).map((name) => [name, 'model-00001-of-00001.safetensors']),
    ),
  }),
);

export const SUBJECTS: readonly Subject[] = [
  {
    name: 'safetensors',
    file: 'model.safetensors',
    bytes: tensors,
    beside: {},
    header: 8 + Number(tensors.readBigUInt64LE()),
  },
  { name: 'GGUF', file: 'model.gguf', bytes: ggufFile, beside: {}, header: ggufFile.length - 3 * 32 - 64 },
  {
    name: 'an index of shards',
    file: 'model.safetensors.index.json',
    bytes: index,
    beside: { 'model-00001-of-00001.safetensors': tensors },
    header: index.length,
  },
];

export interface Outcome {
  readonly read: number;
  readonly refused: number;
  /** What should not happen, with the input that does it in hexadecimal. */
  readonly findings: readonly string[];
}

/** Milliseconds that opening and reading a file of some hundred bytes may take, on a machine that does much else. */
const LONGEST = 2000;

/** Opens and reads `count` mutations of a file; the same seed makes the same mutations. */
export async function fuzz(subject: Subject, count: number, seed: number, folder: string): Promise<Outcome> {
  const random = generator(seed);
  for (const [name, bytes] of Object.entries(subject.beside)) writeFileSync(path.join(folder, name), bytes);
  const place = path.join(folder, subject.file);
  let read = 0;
  let refused = 0;
  const findings: string[] = [];
  for (let i = 0; i < count; i++) {
    const bytes = mutated(subject, random);
    writeFileSync(place, bytes);
    const started = performance.now();
    const result = await openAndRead(folder).catch((error: unknown) => error);
    const wrong = result === undefined ? undefined : promiseBroken(result);
    if (result === undefined) read++;
    else refused++;
    const took = performance.now() - started;
    if (wrong !== undefined) findings.push(`${wrong}: ${bytes.toString('hex')}`);
    if (took > LONGEST) findings.push(`${took} ms: ${bytes.toString('hex')}`);
  }
  for (const name of [subject.file, ...Object.keys(subject.beside)])
    rmSync(path.join(folder, name), { force: true });
  return { read, refused, findings };
}

/** Everything that a run could ask of the files. */
async function openAndRead(folder: string): Promise<void> {
  const source = await openFolder(folder, new Pace());
  if (source === undefined) throw new Error('no weights were found');
  try {
    await readAll(source);
  } finally {
    await source.close();
  }
}

async function readAll(source: WeightSource): Promise<void> {
  for (const tensor of source.tensors.values()) {
    const size = tensor.shape.reduce((all, length) => all * length, 1);
    if (size > 1 << 20)
      throw new Error(`${tensor.name} claims ${size} elements in a file of some hundred bytes`);
    await source.read(tensor, 0, size, new Float32Array(size), 0);
  }
  for (const key of source.metadata?.keys ?? []) {
    source.metadata!.value(key);
    await source.metadata!.list(key);
  }
}

/** A refusal names the file, says what to do in a short message, and has the code of weights. */
function promiseBroken(error: unknown): string | undefined {
  if (!(error instanceof RunFailure)) return `no refusal but ${String(error)}`;
  if (error.code !== 'weights') return `the code ${error.code}`;
  if (error.message.length > 1500) return `a message of ${error.message.length} characters`;
  if (!/\.(safetensors|gguf|json)/.test(error.message)) return `no file in "${error.message}"`;
  return undefined;
}

type Random = (below: number) => number;

/** xorshift32. */
function generator(seed: number): Random {
  let state = seed | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const LIVELY = [0, 1, 2, 7, 8, 9, 0x1f, 0x20, 0x22, 0x2c, 0x5b, 0x5d, 0x7b, 0x7d, 0x7f, 0x80, 0xfe, 0xff];

function mutated({ bytes, header }: Subject, random: Random): Buffer {
  let out: Buffer = Buffer.from(bytes);
  for (let times = 1 + random(3); times > 0; times--) {
    const at = random(Math.max(1, Math.min(header, out.length)));
    const length = 1 + random(12);
    switch (random(9)) {
      case 0:
        if (at < out.length) out[at] = out[at]! ^ (1 << random(8));
        break;
      case 1:
        if (at < out.length) out[at] = LIVELY[random(LIVELY.length)]!;
        break;
      case 2:
        out = Buffer.concat([out.subarray(0, at), out.subarray(at + length)]);
        break;
      case 3:
        out = Buffer.concat([out.subarray(0, at), out.subarray(at, at + length), out.subarray(at)]);
        break;
      case 4:
        out = out.subarray(0, random(out.length + 1));
        break;
      case 5:
        out = Buffer.concat([out, Buffer.alloc(random(100))]);
        break;
      case 6:
        if (at + 8 <= out.length) out.writeBigUInt64LE(BigInt(random(2 ** 31)) << BigInt(random(34)), at);
        break;
      case 7:
        if (at < out.length) out.copy(out, random(Math.max(1, at)), at, at + length);
        break;
      case 8:
        out = digitChanged(out, header, random);
        break;
    }
  }
  return out;
}

/** Another digit in the place of one, so that JSON stays JSON and its numbers lie. */
function digitChanged(bytes: Buffer, header: number, random: Random): Buffer {
  const digits: number[] = [];
  for (let at = 0; at < Math.min(header, bytes.length); at++) {
    if (bytes[at]! >= 0x30 && bytes[at]! <= 0x39) digits.push(at);
  }
  if (digits.length > 0) bytes[digits[random(digits.length)]!] = 0x30 + random(10);
  return bytes;
}
