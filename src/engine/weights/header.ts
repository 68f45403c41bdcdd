/** The header of a safetensors file, checked as the format demands before anything is believed or allocated. */
import { RunFailure } from '../failure';
import type { Pace } from '../pace';
import type { Shape } from '../tensor';
import { brief, parseJson } from './json';

/** Bits of an element, for each format that safetensors names. */
const DTYPE_BITS: Readonly<Record<string, number>> = {
  BOOL: 8,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2FNUZ: 8,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  I64: 64,
  U64: 64,
  F64: 64,
  C64: 64,
};

/** The longest header that the format allows. */
const LONGEST_HEADER = 100_000_000;
/** Axes that a tensor may have; those of models have six at most. */
const HIGHEST_RANK = 32;

interface HeaderEntry {
  readonly dtype: string;
  readonly shape: Shape;
  /** Bytes [begin, end) from the end of the header. */
  readonly begin: number;
  readonly end: number;
}

const again = 'download or convert the file again';

/** The length of the header, from the first 8 bytes of a file of `size` bytes. */
export function headerLength(file: string, first: Uint8Array, size: number): number {
  const start = Buffer.from(first).toString('latin1');
  if (start.startsWith('version ')) {
    throw bad(file, 'it is a Git LFS pointer, not the weights', 'run "git lfs pull"');
  }
  if (first.length < 8) throw bad(file, `it has ${size} bytes, fewer than a header's length takes`);
  const length = new DataView(first.buffer, first.byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(LONGEST_HEADER)) {
    throw bad(file, `its header claims ${length} bytes, more than the ${LONGEST_HEADER} that are allowed`);
  }
  if (Number(length) + 8 > size) {
    throw bad(file, `its header claims ${length} bytes, and the file has ${size}: it is cut off`);
  }
  return Number(length);
}

/**
 * The tensors of a header.
 *
 * @param data bytes that follow the header in the file.
 */
export async function parseHeader(
  file: string,
  header: Uint8Array,
  data: number,
  pace: Pace,
): Promise<Map<string, HeaderEntry>> {
  const text = decode(file, header);
  if (!text.startsWith('{')) throw bad(file, 'its header does not start with "{"');
  const json = await parseJson(text, pace, (what) => bad(file, `its header ${what}`));
  if (!isRecord(json)) throw bad(file, 'its header is not a JSON object');
  const entries = new Map<string, HeaderEntry>();
  for (const [name, value] of Object.entries(json)) {
    if (name !== '__metadata__') entries.set(name, entry(file, name, value, data));
    await pace.step();
  }
  rejectHoles(file, entries, data);
  return entries;
}

function decode(file: string, header: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(header);
  } catch {
    throw bad(file, 'its header is not UTF-8');
  }
}

function entry(file: string, name: string, value: unknown, data: number): HeaderEntry {
  const wrong = (what: string): RunFailure => bad(file, `tensor ${quoted(name)} ${what}`);
  if (!isRecord(value)) throw wrong('is not described by an object');
  const { dtype, shape, data_offsets: offsets } = value;
  const bits = typeof dtype === 'string' && Object.hasOwn(DTYPE_BITS, dtype) ? DTYPE_BITS[dtype] : undefined;
  if (bits === undefined) throw wrong(`has the unknown dtype ${shown(dtype)}`);
  if (!isSizes(shape)) throw wrong(`has the impossible shape ${shown(shape)}`);
  if (shape.length > HIGHEST_RANK) {
    throw wrong(`has ${shape.length} dimensions, more than the ${HIGHEST_RANK} that are read`);
  }
  if (!isSizes(offsets) || offsets.length !== 2) {
    throw wrong(`has the impossible data_offsets ${shown(offsets)}`);
  }
  const [begin, end] = offsets as [number, number];
  if (begin > end) throw wrong(`ends (${end}) before it begins (${begin})`);
  if (end > data) throw wrong(`reaches to byte ${end} of ${data}: the file is cut off`);
  const allBits = shape.reduce((all, size) => all * BigInt(size), 1n) * BigInt(bits);
  if (allBits % 8n !== 0n) throw wrong(`of shape ${shown(shape)} in ${String(dtype)} takes no whole bytes`);
  const bytes = allBits / 8n;
  if (bytes !== BigInt(end - begin)) {
    throw wrong(
      `of shape ${shown(shape)} in ${String(dtype)} takes ${brief(String(bytes))} bytes, and has ${end - begin}`,
    );
  }
  return { dtype: dtype as string, shape, begin, end };
}

/** Tensors fill the data from its first byte to its last, without gaps and without lying on each other. */
function rejectHoles(file: string, entries: Map<string, HeaderEntry>, data: number): void {
  const inOrder = [...entries].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  let reached = 0;
  let before = '';
  for (const [name, { begin, end }] of inOrder) {
    if (begin < reached)
      throw bad(file, `tensors ${quoted(before)} and ${quoted(name)} overlap at byte ${begin}`);
    if (begin > reached)
      throw bad(file, `nothing describes bytes ${reached} to ${begin}, before tensor ${quoted(name)}`);
    reached = end;
    before = name;
  }
  if (reached !== data)
    throw bad(file, `nothing describes bytes ${reached} to ${data}, the last of the file`);
}

function bad(file: string, what: string, remedy = again): RunFailure {
  return new RunFailure('weights', `${file}: ${what}; ${remedy}`);
}

function quoted(name: string): string {
  return JSON.stringify(brief(name));
}

/** A value of the header, which may be anything. */
function shown(value: unknown): string {
  return brief(JSON.stringify(value) ?? 'undefined');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && (size as number) >= 0);
}
