/** The key–values of a GGUF file: single values are kept, lists stay in the file until they are asked for. */
import type { Cursor } from './cursor';

export type Scalar = string | number | bigint | boolean;

/** What a GGUF file says of its model and tokenizer. */
export interface GgufMetadata {
  readonly keys: readonly string[];
  /** A single value; undefined where the key is not there, or has a list. */
  value(key: string): Scalar | undefined;
  /** A list's values; undefined where the key is not there, or has no list of single values. To be asked before the file is closed. */
  list(key: string): Promise<readonly Scalar[] | undefined>;
}

/** A list in the file. */
interface List {
  readonly type: number;
  readonly count: number;
  /** Of the first value. */
  readonly position: number;
}

const LONGEST_KEY = 65_535;
const LONGEST_TEXT = 1 << 24;
const MOST_KEYS = 65_536;
const MOST_VALUES = 10_000_000;
/** Lists within lists. */
const DEEPEST = 4;

const TEXT = 8;
const LIST = 9;

/** Value types by their number: the bytes of one, and how it is read. */
const TYPES: readonly { readonly bytes: number; readonly read: (cursor: Cursor) => Promise<Scalar> }[] = [
  { bytes: 1, read: (cursor) => cursor.u8() },
  { bytes: 1, read: (cursor) => cursor.i8() },
  { bytes: 2, read: (cursor) => cursor.u16() },
  { bytes: 2, read: (cursor) => cursor.i16() },
  { bytes: 4, read: (cursor) => cursor.u32() },
  { bytes: 4, read: (cursor) => cursor.i32() },
  { bytes: 4, read: (cursor) => cursor.f32() },
  { bytes: 1, read: async (cursor) => (await cursor.u8()) !== 0 },
  { bytes: 8, read: (cursor) => cursor.text(LONGEST_TEXT, 'a string') },
  {
    bytes: 12,
    read: (cursor) => Promise.reject(cursor.wrong('has a list where a single value is expected')),
  },
  { bytes: 8, read: (cursor) => cursor.u64() },
  { bytes: 8, read: (cursor) => cursor.i64() },
  { bytes: 8, read: (cursor) => cursor.f64() },
];

/** Reads `count` key–values; the cursor stands after them then. */
export async function readMetadata(cursor: Cursor, count: bigint): Promise<GgufMetadata> {
  if (count > BigInt(MOST_KEYS))
    throw cursor.wrong(`claims ${count} keys, more than the ${MOST_KEYS} that are read`);
  const values = new Map<string, Scalar | List>();
  for (let left = Number(count); left > 0; left--) {
    const key = await cursor.text(LONGEST_KEY, 'a key');
    if (values.has(key)) throw cursor.wrong(`has the key ${JSON.stringify(key.slice(0, 200))} twice`);
    const type = await cursor.u32();
    values.set(key, type === LIST ? await skipList(cursor, 1) : await typed(cursor, type).read(cursor));
  }
  return {
    keys: [...values.keys()],
    value: (key) => {
      const value = values.get(key);
      return typeof value === 'object' ? undefined : value;
    },
    list: async (key) => {
      const list = values.get(key);
      if (typeof list !== 'object' || list.type === LIST) return undefined;
      cursor.seek(list.position);
      const all: Scalar[] = [];
      const { read } = TYPES[list.type]!;
      for (let i = 0; i < list.count; i++) all.push(await read(cursor));
      return all;
    },
  };
}

/** Checks a list, and passes over it. */
async function skipList(cursor: Cursor, depth: number): Promise<List> {
  if (depth > DEEPEST) throw cursor.wrong(`has lists nested more than ${DEEPEST} deep`);
  const type = await cursor.u32();
  const { bytes } = typed(cursor, type);
  const count = await cursor.u64();
  if (count > BigInt(MOST_VALUES)) {
    throw cursor.wrong(`claims a list of ${count} values, more than the ${MOST_VALUES} that are read`);
  }
  cursor.expect(count * BigInt(bytes), 'a list');
  const list = { type, count: Number(count), position: cursor.position };
  if (type === TEXT) {
    for (let i = 0; i < list.count; i++) await cursor.skipText(LONGEST_TEXT, 'a string');
  } else if (type === LIST) {
    for (let i = 0; i < list.count; i++) await skipList(cursor, depth + 1);
  } else {
    cursor.seek(cursor.position + list.count * bytes);
  }
  return list;
}

function typed(cursor: Cursor, type: number): (typeof TYPES)[number] {
  const found = TYPES[type];
  if (found === undefined)
    throw cursor.wrong(`has a value of the unknown type ${type} at byte ${cursor.position}`);
  return found;
}
