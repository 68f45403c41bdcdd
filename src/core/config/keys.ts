/** What a blueprint says of the keys it reads: type, default, range, aliases. */

import type { ValueType } from '../analysis';

/** A key that reads as a `T`. */
export interface Key<T> {
  readonly type: ValueType | 'any';
  readonly fallback: T;
  /** Legal range of an integer or number. */
  readonly min: number;
  readonly max: number;
  /** Null in the file means the default. */
  readonly nullable: boolean;
  /** Null in the file is a value: the blueprint reads null, not the default. */
  readonly nullIsValue?: true;
  /** Other spellings that the class reads; they win over its own, as in transformers' attribute_map. */
  readonly aliases: readonly string[];
  /** Legal texts, where only some are. */
  readonly values?: readonly string[];
  /** What the value counts, where a reading wants to know. */
  readonly role?: KeyRole;
}

/** Sizes that the inline figures explain apart. */
export type KeyRole = 'layers' | 'width' | 'keyValueHeads' | 'tie';

export type Keys = Readonly<Record<string, Key<unknown>>>;

/** The values of keys: `{ hidden_size: number; … }`. */
export type Values<K extends Keys> = { readonly [N in keyof K]: K[N] extends Key<infer T> ? T : never };

interface Options {
  readonly aliases?: readonly string[];
  readonly min?: number;
  readonly max?: number;
  readonly role?: KeyRole;
}

/** No tensor that a machine can hold has a longer axis. */
export const MAX_SIZE = 2 ** 31 - 1;
/** Deeper than any model that exists, and few enough to build a tree of in a moment. */
export const MAX_LAYERS = 1024;

function integer<T>(fallback: T, nullable: boolean, options: Options): Key<T> {
  return {
    type: 'integer',
    fallback,
    nullable,
    min: options.min ?? 1,
    max: options.max ?? MAX_SIZE,
    aliases: options.aliases ?? [],
    ...(options.role === undefined ? {} : { role: options.role }),
  };
}

/** A dimension or a number of things: a whole number from 1. */
export function size(fallback: number, options: Options = {}): Key<number> {
  return integer(fallback, false, options);
}

/** A dimension that the class takes from others where it is missing or null. */
export function optionalSize(options: Options = {}): Key<number | undefined> {
  return integer<number | undefined>(undefined, true, options);
}

/** A dimension with a default, whose null in the file has a meaning of its own. */
export function nullableSize(fallback: number, options: Options = {}): Key<number | null> {
  return { ...integer<number | null>(fallback, true, options), nullIsValue: true };
}

/** Height and width: a whole number for both, or a list of two. */
export function sizePair(fallback: number): Key<readonly [number, number]> {
  return {
    type: 'pair',
    fallback: [fallback, fallback],
    min: 1,
    max: 2 ** 20,
    nullable: false,
    aliases: [],
  };
}

/** A list of whole numbers, one a stage. */
export function sizes(fallback: readonly number[], options: Options = {}): Key<readonly number[]> {
  return {
    type: 'list',
    fallback,
    min: options.min ?? 1,
    max: options.max ?? MAX_SIZE,
    nullable: false,
    aliases: options.aliases ?? [],
  };
}

/** A number of layers. */
export function depth(fallback: number, options: Options = {}): Key<number> {
  return integer(fallback, false, { max: MAX_LAYERS, role: 'layers', ...options });
}

export function optionalDepth(options: Options = {}): Key<number | undefined> {
  return integer<number | undefined>(undefined, true, { max: MAX_LAYERS, role: 'layers', ...options });
}

/** A real number. */
export function real(fallback: number, options: Options = {}): Key<number> {
  return {
    type: 'number',
    fallback,
    nullable: false,
    min: options.min ?? -Infinity,
    max: options.max ?? Infinity,
    aliases: options.aliases ?? [],
  };
}

export function flag(fallback: boolean, options: Options = {}): Key<boolean> {
  return {
    type: 'flag',
    fallback,
    nullable: true,
    min: 0,
    max: 1,
    aliases: options.aliases ?? [],
    ...(options.role === undefined ? {} : { role: options.role }),
  };
}

/** A flag that the class takes as false where it is null, whatever its default. */
export function nullableFlag(fallback: boolean): Key<boolean | null> {
  return { ...flag(fallback), nullIsValue: true };
}

/** A real number that the class takes from elsewhere where it is missing or null. */
export function optionalReal(options: Options = {}): Key<number | undefined> {
  return { ...real(0, options), fallback: undefined, nullable: true };
}

/** A list whose entries the blueprint's helper reads; null is none. */
export function list(options: Options = {}): Key<readonly unknown[] | undefined> {
  return {
    type: 'array',
    fallback: undefined,
    nullable: true,
    min: 0,
    max: 0,
    aliases: options.aliases ?? [],
  };
}

/** A real number with a default, whose null in the file has a meaning of its own. */
export function nullableReal(fallback: number | null, options: Options = {}): Key<number | null> {
  return { ...real(0, options), fallback, nullIsValue: true };
}

/** Keys of its own, which the blueprint's helper reads; null is none. */
export function object(options: Options = {}): Key<Readonly<Record<string, unknown>> | undefined> {
  return {
    type: 'object',
    fallback: undefined,
    nullable: true,
    min: 0,
    max: 0,
    aliases: options.aliases ?? [],
  };
}

/** @param values those that are legal; any, where left out. */
export function text(fallback: string, values?: readonly string[]): Key<string> {
  const common = { type: 'text', fallback, nullable: false, min: 0, max: 0, aliases: [] } as const;
  return values === undefined ? common : { ...common, values };
}

/** A value of any shape, which the blueprint's own helper reads. */
export function any(options: Options = {}): Key<unknown> {
  return { type: 'any', fallback: undefined, nullable: true, min: 0, max: 0, aliases: options.aliases ?? [] };
}
