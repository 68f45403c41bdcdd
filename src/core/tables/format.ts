/**
 * The class tables: what the classes of transformers build, as tools/reference/class_tables.py writes it.
 *
 * A constructor is kept as nested lists, an expression or statement a list: its first element says which. A bare
 * string is a name, `['s', text]` a text; numbers, booleans and null stand for themselves.
 */

export type Expression =
  | string
  | number
  | boolean
  | null
  /** `[operation, …operands]`, see evaluate.ts. */
  | readonly [string, ...Part[]];

export type Statement = readonly [string, ...Part[]];

/** What an expression or statement holds: others, or lists of them. */
export type Part = Expression | readonly Part[];

/** `name`, `[name, default]`, `['*', name]` or `['**', name]`. */
export type ParameterTable = string | readonly [string, Expression];

/** `def`, parameters, body, and what a decorator made of it. */
export type FunctionTable = readonly [
  'def',
  readonly ParameterTable[],
  readonly Statement[],
  ('property' | 'staticmethod' | 'classmethod')?,
];

/** A field of a config class: its annotation and its default. */
export type FieldTable = readonly ['field', string, Expression?];

/** A value that a class or a file defines. */
export type ValueTable = readonly ['=', Expression];

export interface ClassTable {
  readonly bases: readonly Expression[];
  readonly body: Readonly<Record<string, FunctionTable | FieldTable | ValueTable>>;
  /** Its constructor is made of its fields. */
  readonly dataclass?: true;
}

/** One source file: what it defines, and where its other names come from. */
export interface FileTable {
  readonly names: Readonly<Record<string, ClassTable | FunctionTable | ValueTable>>;
  /** `[file, name]` of another table, or the dotted name of something that the evaluator knows or ignores. */
  readonly imports: Readonly<Record<string, readonly [string, string] | string>>;
}

/** What is known of all classes before any file is read. */
export interface TableIndex {
  /** The release that the tables were made from. */
  readonly transformers: string;
  /** model_type → config class. */
  readonly configs: Readonly<Record<string, string>>;
  /** model_type → the class that AutoModel builds. */
  readonly base: Readonly<Record<string, string>>;
  /** model_type → classes that the auto classes name. */
  readonly architectures: Readonly<Record<string, readonly string[]>>;
  /** Auto class → model_type → class. */
  readonly auto: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Class → file. */
  readonly classes: Readonly<Record<string, string>>;
}

/** Where tables are read from: the index at once, files when they are needed. */
export interface TableStore {
  readonly index: TableIndex;
  file(name: string): FileTable;
}
