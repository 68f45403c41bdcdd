/** The header of a GGUF file (versions 2 and 3), checked before anything is believed or allocated. */
import type { FileHandle } from 'node:fs/promises';
import { RunFailure } from '../../failure';
import type { Pace } from '../../pace';
import { fill, MOST_TENSORS, type PlacedTensor } from '../tensorFiles';
import { Cursor } from './cursor';
import { readMetadata, type GgufMetadata } from './metadata';
import { TYPES } from './types';

/** Key–values and tensor descriptions together; a vocabulary of a million words takes some 50 MB. */
const LONGEST_HEADER = 256 * 2 ** 20;
const LONGEST_NAME = 65_535;
/** GGML_MAX_DIMS. */
const HIGHEST_RANK = 4;
const LARGEST_ALIGNMENT = 1 << 20;

export interface GgufHeader {
  readonly metadata: GgufMetadata;
  readonly tensors: readonly PlacedTensor[];
}

/** A tensor as its file describes it. */
interface Described {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  /** From the beginning of the data. */
  readonly offset: number;
  readonly byteLength: number;
}

export async function readGgufHeader(file: string, handle: FileHandle, pace: Pace): Promise<GgufHeader> {
  const { size } = await handle.stat();
  const wrong = (what: string, remedy = 'download or convert the file again'): RunFailure =>
    new RunFailure('weights', `${file}: ${what}; ${remedy}`);
  await checkMagic(handle, size, wrong);
  const cursor = new Cursor(handle, Math.min(size, LONGEST_HEADER), pace, wrong);
  cursor.seek(4);
  const version = await cursor.u32();
  if ((version & 0xffff) === 0)
    throw wrong('it is big-endian, which is not read', 'convert it to little-endian');
  if (version !== 2 && version !== 3)
    throw wrong(`it has version ${version} of GGUF; 2 and 3 are read`, 'convert the model again');
  const tensorCount = await cursor.u64();
  const keyCount = await cursor.u64();
  if (tensorCount > BigInt(MOST_TENSORS)) {
    throw wrong(`it claims ${tensorCount} tensors, more than the ${MOST_TENSORS} that are read`);
  }
  const metadata = await readMetadata(cursor, keyCount);
  const described: Described[] = [];
  const names = new Set<string>();
  for (let left = Number(tensorCount); left > 0; left--) {
    const tensor = await describedTensor(cursor);
    if (names.has(tensor.name)) throw wrong(`it has the tensor ${quoted(tensor.name)} twice`);
    names.add(tensor.name);
    described.push(tensor);
  }
  const alignment = alignmentOf(metadata, wrong);
  const start = aligned(cursor.position, alignment);
  checkPlaces(described, alignment, Math.max(0, size - start), wrong);
  return {
    metadata,
    tensors: described.map(({ name, dtype, shape, offset, byteLength }) => ({
      name,
      dtype,
      shape,
      file,
      handle,
      position: start + offset,
      byteLength,
    })),
  };
}

type Wrong = (what: string, remedy?: string) => RunFailure;

async function checkMagic(handle: FileHandle, size: number, wrong: Wrong): Promise<void> {
  const first = new Uint8Array(8);
  const got = await fill(handle, first, 8, 0);
  const start = Buffer.from(first.subarray(0, got)).toString('latin1');
  if (start.startsWith('version '))
    throw wrong('it is a Git LFS pointer, not the weights', 'run "git lfs pull"');
  if (!start.startsWith('GGUF')) throw wrong('it does not start with "GGUF"');
  if (size < 24) throw wrong(`it has ${size} bytes, fewer than a header takes`);
}

async function describedTensor(cursor: Cursor): Promise<Described> {
  const name = await cursor.text(LONGEST_NAME, 'a tensor’s name');
  const wrong = (what: string): RunFailure => cursor.wrong(`tensor ${quoted(name)} ${what}`);
  const rank = await cursor.u32();
  if (rank > HIGHEST_RANK) throw wrong(`has ${rank} dimensions, more than the ${HIGHEST_RANK} of GGUF`);
  const sizes: bigint[] = [];
  for (let axis = 0; axis < rank; axis++) sizes.push(await cursor.u64());
  const type = await cursor.u32();
  const offset = await cursor.u64();
  const known = TYPES.get(type);
  if (known === undefined) throw wrong(`has the unknown type ${type}`);
  const [dtype, elements, bytes] = known;
  if ((sizes[0] ?? 1n) % BigInt(elements) !== 0n) {
    throw wrong(`has rows of ${sizes[0]} elements, and ${dtype} comes in blocks of ${elements}`);
  }
  const byteLength = (sizes.reduce((all, size) => all * size, 1n) / BigInt(elements)) * BigInt(bytes);
  const largest = BigInt(Number.MAX_SAFE_INTEGER);
  if (sizes.some((size) => size > largest) || byteLength > largest || offset > largest) {
    throw wrong(`has the impossible shape [${sizes.join(', ')}] at ${offset}`);
  }
  // GGUF names the axis first along which elements are neighbours.
  const shape = sizes.map(Number).reverse();
  return { name, dtype, shape, offset: Number(offset), byteLength: Number(byteLength) };
}

function alignmentOf(metadata: GgufMetadata, wrong: Wrong): number {
  const alignment = metadata.value('general.alignment') ?? 32;
  if (
    typeof alignment !== 'number' ||
    !(alignment >= 1 && alignment <= LARGEST_ALIGNMENT) ||
    (alignment & (alignment - 1)) !== 0
  ) {
    throw wrong(`it has the impossible general.alignment ${String(alignment).slice(0, 200)}`);
  }
  return alignment;
}

function aligned(position: number, alignment: number): number {
  return Math.ceil(position / alignment) * alignment;
}

/** Tensors stand one after the other, each from a multiple of the alignment on, and within the file. */
function checkPlaces(tensors: readonly Described[], alignment: number, data: number, wrong: Wrong): void {
  const inOrder = [...tensors].sort((a, b) => a.offset - b.offset || a.byteLength - b.byteLength);
  let reached = 0;
  let before = '';
  for (const { name, offset, byteLength } of inOrder) {
    if (offset < reached)
      throw wrong(`tensors ${quoted(before)} and ${quoted(name)} overlap at byte ${offset}`);
    if (offset !== aligned(reached, alignment)) {
      throw wrong(`nothing describes bytes ${reached} to ${offset}, before tensor ${quoted(name)}`);
    }
    if (offset + byteLength > data) {
      throw wrong(
        `tensor ${quoted(name)} reaches to byte ${offset + byteLength} of ${data}: the file is cut off`,
      );
    }
    reached = offset + byteLength;
    before = name;
  }
  if (data > aligned(reached, alignment)) {
    throw wrong(`nothing describes bytes ${reached} to ${data}, the last of the file`);
  }
}

function quoted(name: string): string {
  return JSON.stringify(name.length > 200 ? `${name.slice(0, 200)}…` : name);
}
